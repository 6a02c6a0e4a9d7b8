import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Tenant } from 'nestjs-tenancy';
import { TenantLifecycle } from 'nestjs-tenancy';
import { Caller } from '../access/caller.decorator.js';
import { AuditLog } from '../audit/audit-log.js';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { sayWhoIsMissing } from './registry-problems.js';
import type { PlannedDropsAnswer, TenantAnswer } from './tenant-answer.js';
import { plannedDrops, tenantAnswer, toAnswer } from './tenant-answer.js';
import { TenantIdPipe } from './tenant-id.pipe.js';
import { TenantRegistry } from './tenant-registry.js';
import type { Page, PlaceTenant } from './tenant-requests.js';
import { page, placeTenant } from './tenant-requests.js';

/** The life of a tenant between its creation and its end. Repeating what is done already changes nothing. */
@ApiTags('tenants')
@ApiBearerAuth()
@Controller()
export class TenantStatusController {
  constructor(
    private readonly registry: TenantRegistry,
    private readonly lifecycle: TenantLifecycle,
    private readonly audit: AuditLog,
  ) {}

  @Post('tenants/:id/suspend')
  @HttpCode(200)
  @ApiOperation({ summary: 'Suspend an active tenant: it is refused like an unknown one, and its messages wait' })
  @StatusAnswers('TENANT_STATUS_CONFLICT')
  suspend(@Param('id', TenantIdPipe) id: string, @Caller() caller: string): Promise<TenantAnswer> {
    return this.change(caller, `suspended tenant ${id}`, (lifecycle) => lifecycle.suspendTenant(id));
  }

  @Post('tenants/:id/restore')
  @HttpCode(200)
  @ApiOperation({ summary: 'Make a suspended or archived tenant active again' })
  @StatusAnswers('TENANT_STATUS_CONFLICT')
  restore(@Param('id', TenantIdPipe) id: string, @Caller() caller: string): Promise<TenantAnswer> {
    return this.change(caller, `restored tenant ${id}`, (lifecycle) => lifecycle.restoreTenant(id));
  }

  @Post('tenants/:id/archive')
  @HttpCode(200)
  @ApiOperation({ summary: 'Archive a tenant: it may be deleted when its time of grace is over' })
  @StatusAnswers('TENANT_STATUS_CONFLICT')
  archive(@Param('id', TenantIdPipe) id: string, @Caller() caller: string): Promise<TenantAnswer> {
    return this.change(caller, `archived tenant ${id}`, (lifecycle) => lifecycle.archiveTenant(id));
  }

  @Post('tenants/:id/place')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say on which database server the schema of a tenant is; what is in it is not moved' })
  @ApiProblems({ 400: 'VALIDATION_FAILED, TENANT_ID_INVALID, DATABASE_UNKNOWN, BODY_NOT_JSON' })
  @StatusAnswers('TENANT_MOVED, TENANT_NOT_READY')
  place(
    @Param('id', TenantIdPipe) id: string,
    @Body({ schema: placeTenant }) placement: PlaceTenant,
    @Caller() caller: string,
  ): Promise<TenantAnswer> {
    const done = `placed tenant ${id} on ${placement.database}`;
    return this.change(caller, done, (lifecycle) => lifecycle.placeTenant(id, placement));
  }

  @Get('drops')
  @ApiOperation({ summary: 'The archived tenants, and from when on each may be deleted' })
  @ApiOkResponse({ standardSchema: plannedDrops })
  @ApiProblems({ 400: 'VALIDATION_FAILED', 401: 'UNAUTHENTICATED', 503: 'DATABASE_UNAVAILABLE' })
  async drops(@Query({ schema: page }) asked: Page): Promise<PlannedDropsAnswer> {
    const { drops, total } = await this.lifecycle.plannedDrops(asked);
    return { drops: drops.map((drop) => ({ ...drop, dropAfter: drop.dropAfter.toISOString() })), total, ...asked };
  }

  private async change(
    caller: string,
    done: string,
    work: (lifecycle: TenantLifecycle) => Promise<Tenant>,
  ): Promise<TenantAnswer> {
    const { id } = await sayWhoIsMissing(work(this.lifecycle.as(`token ${caller}`)));
    this.audit.record(caller, done);
    return toAnswer(await this.registry.get(id));
  }
}

function StatusAnswers(conflicts: string): MethodDecorator {
  const answers = [
    ApiOkResponse({ standardSchema: tenantAnswer }),
    ApiProblems({
      401: 'UNAUTHENTICATED',
      404: 'TENANT_NOT_FOUND',
      409: conflicts,
      503: 'DATABASE_UNAVAILABLE',
    }),
  ];
  return (...target) => {
    for (const answer of answers) answer(...target);
  };
}
