import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantLifecycle } from 'nestjs-tenancy';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { TenantIdPipe } from '../tenants/tenant-id.pipe.js';
import type { AuditPage } from '../tenants/tenant-requests.js';
import { auditPage } from '../tenants/tenant-requests.js';
import type { AuditAnswer } from './audit-answer.js';
import { auditAnswer } from './audit-answer.js';

/** Who changed what. It outlives the tenants. */
@ApiTags('audit')
@ApiBearerAuth()
@ApiOkResponse({ standardSchema: auditAnswer })
@ApiProblems({ 400: 'VALIDATION_FAILED', 401: 'UNAUTHENTICATED', 503: 'DATABASE_UNAVAILABLE' })
@Controller()
export class AuditController {
  constructor(private readonly lifecycle: TenantLifecycle) {}

  @Get('audit')
  @ApiOperation({ summary: 'Who changed which tenant, the newest change first' })
  ofAll(@Query({ schema: auditPage }) page: AuditPage): Promise<AuditAnswer> {
    return this.read(page);
  }

  @Get('tenants/:id/audit')
  @ApiOperation({ summary: 'Who changed a tenant, be it there or deleted' })
  ofOne(
    @Param('id', TenantIdPipe) tenantId: string,
    @Query({ schema: auditPage }) page: AuditPage,
  ): Promise<AuditAnswer> {
    return this.read(page, tenantId);
  }

  private async read(page: AuditPage, tenantId?: string): Promise<AuditAnswer> {
    const found = await this.lifecycle.trail.read({ ...page, tenantId });
    const entries = found.map((entry) => ({ ...entry, at: entry.at.toISOString() }));
    return { entries, ...(entries.length === page.limit && { next: entries.at(-1)?.id }) };
  }
}
