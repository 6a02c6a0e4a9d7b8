import type { ServerResponse } from 'node:http';
import { Body, Controller, Get, Patch, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantConfigConflictError, TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';
import { IfMatch } from 'problem-details';
import { ApiProblem } from '../docs/api-problem.js';
import { assertPasswordOfServer } from './password-of-server.js';
import type { Settings, SettingsChange } from './settings.js';
import { settingsSchema } from './settings.js';

const ETAG = { ETag: { schema: { type: 'string' as const } } };

@ApiTags('config')
@Controller(['config', 'tenants/:tenantId/config'])
export class SettingsController {
  constructor(
    private readonly settings: TenantConfigService<Settings>,
    private readonly tenant: TenantContext,
    private readonly tenants: TenantService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The settings of the tenant, with the defaults that hold for it' })
  @ApiOkResponse({ standardSchema: settingsSchema, headers: ETAG })
  @ApiProblem(409, 'TENANT_CONFIG_UNUSABLE')
  read(@Res({ passthrough: true }) response: ServerResponse): Settings {
    return this.answer(this.settings.getAll(), response);
  }

  @Patch()
  @ApiOperation({ summary: 'Change settings of the tenant; null removes one' })
  @ApiBody({
    schema: {
      type: 'object',
      additionalProperties: true,
      example: { 'email.from': 'Acme <hello@acme.example>', 'sms.senderId': 'ACME', 'email.footer': null },
    },
  })
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the settings that the change is meant for.',
  })
  @ApiOkResponse({ standardSchema: settingsSchema, headers: ETAG })
  @ApiProblem(400, 'TENANT_CONFIG_INVALID', 'IF_MATCH_INVALID', 'PASSWORD_REQUIRED')
  @ApiProblem(409, 'TENANT_CONFIG_CONFLICT')
  // Without a schema here: the settings are checked as a whole, the change merged into those that are there.
  async change(
    @Body() patch: SettingsChange,
    @IfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Settings> {
    const checked = assertPasswordOfServer(this.settings, patch);
    const { version } = this.settings;
    // What was checked against the settings as they are holds for these only, whatever version the client has read.
    if (checked && (ifMatch ?? version) !== version) {
      const { id } = this.tenant.getOrThrow();
      // This instance may be the one that is behind: the next try is checked against what is stored.
      await this.tenants.recheck(id);
      throw new TenantConfigConflictError(id);
    }
    const ifVersion = checked ? version : ifMatch;
    return this.answer(await this.settings.update(patch, { ifVersion }), response);
  }

  private answer(settings: Settings, response: ServerResponse): Settings {
    response.setHeader('ETag', `"${this.settings.version}"`);
    return settings;
  }
}
