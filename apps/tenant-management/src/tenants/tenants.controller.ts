import type { ServerResponse } from 'node:http';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import { TenantLifecycle } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import { Caller } from '../access/caller.decorator.js';
import { AuditLog } from '../audit/audit-log.js';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import type { TenantAnswer, TenantPageAnswer } from './tenant-answer.js';
import { tenantAnswer, tenantPage, toAnswer } from './tenant-answer.js';
import { sayWhoIsMissing } from './registry-problems.js';
import { TenantIdPipe } from './tenant-id.pipe.js';
import { TenantRegistry } from './tenant-registry.js';
import type { ChangeTenant, CreateTenant, Page } from './tenant-requests.js';
import { changeTenant, createTenant, page } from './tenant-requests.js';

@ApiTags('tenants')
@ApiBearerAuth()
@ApiProblems({ 401: 'UNAUTHENTICATED', 503: 'DATABASE_UNAVAILABLE' })
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly registry: TenantRegistry,
    private readonly lifecycle: TenantLifecycle,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The tenants, in the order of their ids' })
  @ApiOkResponse({ standardSchema: tenantPage })
  @ApiProblems({ 400: 'VALIDATION_FAILED' })
  async list(@Query({ schema: page }) asked: Page): Promise<TenantPageAnswer> {
    const [rows, total] = await this.registry.list(asked);
    return { tenants: rows.map(toAnswer), total, ...asked };
  }

  @Post()
  @ApiOperation({ summary: 'Create a tenant, its schema and the tables in it' })
  @ApiCreatedResponse({ standardSchema: tenantAnswer, headers: { Location: { schema: { type: 'string' } } } })
  @ApiProblems({
    400: 'VALIDATION_FAILED, TENANT_ID_INVALID, TENANT_ID_RESERVED, DOMAIN_INVALID, DATABASE_UNKNOWN, BODY_NOT_JSON',
    409: 'TENANT_EXISTS, DOMAIN_TAKEN, SCHEMA_TAKEN, TENANT_BUSY, CONFLICT',
    413: 'BODY_TOO_LARGE',
  })
  async create(
    @Body({ schema: createTenant }) wanted: CreateTenant,
    @Caller() caller: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<TenantAnswer> {
    const { id, schema } = await sayWhoIsMissing(this.lifecycle.as(`token ${caller}`).createTenant(wanted));
    this.audit.record(caller, `created tenant ${id} with schema ${schema}`);
    response.setHeader('Location', `/tenants/${id}`);
    return toAnswer(await this.registry.get(id));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One tenant' })
  @ApiOkResponse({ standardSchema: tenantAnswer })
  @ApiProblems({ 400: 'TENANT_ID_INVALID', 404: 'TENANT_NOT_FOUND' })
  async get(@Param('id', TenantIdPipe) id: string): Promise<TenantAnswer> {
    return toAnswer(await this.registry.get(id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a tenant, suspend it or make it active again' })
  @ApiOkResponse({ standardSchema: tenantAnswer })
  @ApiProblems({
    400: 'VALIDATION_FAILED, TENANT_ID_INVALID, DOMAIN_INVALID, BODY_NOT_JSON',
    404: 'TENANT_NOT_FOUND',
    409: 'DOMAIN_TAKEN, TENANT_NOT_READY, CONFLICT',
    413: 'BODY_TOO_LARGE',
  })
  async change(
    @Param('id', TenantIdPipe) id: string,
    @Body({ schema: changeTenant }) change: ChangeTenant,
    @Caller() caller: string,
  ): Promise<TenantAnswer> {
    await sayWhoIsMissing(this.lifecycle.as(`token ${caller}`).changeTenant(id, change));
    const row = await this.registry.get(id);
    this.audit.record(caller, `changed ${Object.keys(change).join(', ') || 'nothing'} of tenant ${id} (${row.status})`);
    return toAnswer(row);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an archived tenant and all its data, or any tenant at once' })
  @ApiQuery({ name: 'confirm', required: true, description: 'The id of the tenant once more.', type: String })
  @ApiQuery({
    name: 'erase',
    required: false,
    description: 'At once, whatever its status and however long it is to be kept.',
    enum: ['true', 'false'],
  })
  @ApiNoContentResponse({ description: 'The schema is dropped and the tenant is gone.' })
  @ApiProblems({
    400: 'CONFIRMATION_REQUIRED, VALIDATION_FAILED, TENANT_ID_INVALID',
    404: 'TENANT_NOT_FOUND',
    409: 'TENANT_NOT_ARCHIVED, TENANT_DROP_NOT_DUE, SCHEMA_TAKEN, TENANT_BUSY',
  })
  async delete(
    @Param('id', TenantIdPipe) id: string,
    @Query('confirm') confirm: unknown,
    @Query('erase') erase: unknown,
    @Caller() caller: string,
  ): Promise<void> {
    // What is no plain string confirms nothing.
    const drop = { confirm: typeof confirm === 'string' ? confirm : '', erase: isErase(erase) };
    await sayWhoIsMissing(this.lifecycle.as(`token ${caller}`).dropTenant(id, drop));
    this.audit.record(caller, `deleted tenant ${id} and its schema`);
  }
}

function isErase(value: unknown): boolean {
  if (value === undefined || value === 'true' || value === 'false') return value === 'true';
  throw new ProblemException(400, 'VALIDATION_FAILED', 'The request is not valid; `errors` names each field.', [
    { key: 'erase', message: 'Is "true" or "false", or left out.' },
  ]);
}
