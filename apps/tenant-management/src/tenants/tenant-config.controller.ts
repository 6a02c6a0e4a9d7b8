import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '../access/caller.decorator.js';
import { AuditLog } from '../audit/audit-log.js';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import { settings } from './tenant-fields.js';
import { TenantIdPipe } from './tenant-id.pipe.js';
import { TenantRegistry } from './tenant-registry.js';
import type { Settings } from './tenant-requests.js';
import { changeConfig } from './tenant-requests.js';

@ApiTags('settings')
@ApiBearerAuth()
@ApiOkResponse({ standardSchema: settings })
@ApiProblems({ 401: 'UNAUTHENTICATED', 404: 'TENANT_NOT_FOUND', 503: 'DATABASE_UNAVAILABLE' })
@Controller('tenants/:id/config')
export class TenantConfigController {
  constructor(
    private readonly registry: TenantRegistry,
    private readonly audit: AuditLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The settings of a tenant' })
  @ApiProblems({ 400: 'TENANT_ID_INVALID' })
  async get(@Param('id', TenantIdPipe) id: string): Promise<Settings> {
    return (await this.registry.get(id)).config;
  }

  @Patch()
  @ApiOperation({ summary: 'Change settings of a tenant; null removes one' })
  @ApiProblems({
    400: 'VALIDATION_FAILED, TENANT_ID_INVALID, BODY_NOT_JSON',
    409: 'TENANT_NOT_READY',
    413: 'BODY_TOO_LARGE',
  })
  async change(
    @Param('id', TenantIdPipe) id: string,
    @Body({ schema: changeConfig }) change: Settings,
    @Caller() caller: string,
  ): Promise<Settings> {
    const { config } = await this.registry.changeConfig(id, change);
    this.audit.record(caller, `changed the settings ${Object.keys(change).join(', ') || '(none)'} of tenant ${id}`);
    return config;
  }
}
