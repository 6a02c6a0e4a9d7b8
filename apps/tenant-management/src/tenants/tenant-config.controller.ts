import type { ServerResponse } from 'node:http';
import { Body, Controller, Get, Param, Patch, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { configVersionOf } from 'nestjs-tenancy';
import { IfMatch } from 'problem-details';
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
@ApiOkResponse({ standardSchema: settings, headers: { ETag: { schema: { type: 'string' } } } })
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
  async get(
    @Param('id', TenantIdPipe) id: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Settings> {
    return answer((await this.registry.get(id)).config, response);
  }

  @Patch()
  @ApiOperation({ summary: 'Change settings of a tenant; null removes one' })
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the settings that the change is meant for.',
  })
  @ApiProblems({
    400: 'VALIDATION_FAILED, TENANT_ID_INVALID, BODY_NOT_JSON, IF_MATCH_INVALID',
    409: 'TENANT_CONFIG_CONFLICT, TENANT_NOT_READY',
    413: 'BODY_TOO_LARGE',
  })
  async change(
    @Param('id', TenantIdPipe) id: string,
    @Body({ schema: changeConfig }) change: Settings,
    @IfMatch() ifVersion: string | undefined,
    @Caller() caller: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Settings> {
    const config = await this.registry.changeConfig(id, change, `token ${caller}`, ifVersion);
    this.audit.record(caller, `changed the settings ${Object.keys(change).join(', ') || '(none)'} of tenant ${id}`);
    return answer(config, response);
  }
}

function answer(config: Settings, response: ServerResponse): Settings {
  response.setHeader('ETag', `"${configVersionOf(config)}"`);
  return config;
}
