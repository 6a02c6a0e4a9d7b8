import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantConfigService } from 'nestjs-tenancy';
import { ApiProblem } from '../docs/api-problem.js';
import type { Settings } from './settings.js';
import { settingsSchema } from './settings.js';

@ApiTags('config')
@Controller(['config', 'tenants/:tenantId/config'])
export class SettingsController {
  constructor(private readonly settings: TenantConfigService<Settings>) {}

  @Get()
  @ApiOperation({ summary: 'The settings of the tenant, with the defaults that hold for it' })
  @ApiOkResponse({ standardSchema: settingsSchema })
  read(): Settings {
    return this.settings.getAll();
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
  @ApiOkResponse({ standardSchema: settingsSchema })
  @ApiProblem(400, 'TENANT_CONFIG_INVALID')
  // Without a schema here: the settings are checked as a whole, the change merged into those that are there.
  change(@Body() patch: Settings): Promise<Settings> {
    return this.settings.update(patch);
  }
}
