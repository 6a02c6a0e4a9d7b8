import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../docs/api-problems.decorator.js';
import type { TenantAnswer } from './tenant-answer.js';
import { tenantAnswer, toAnswer } from './tenant-answer.js';
import { domain } from './tenant-fields.js';
import { TenantRegistry } from './tenant-registry.js';

@ApiTags('tenants')
@ApiBearerAuth()
@Controller('domains')
export class DomainsController {
  constructor(private readonly registry: TenantRegistry) {}

  @Get(':domain')
  @ApiOperation({ summary: 'The tenant that a domain belongs to' })
  @ApiOkResponse({ standardSchema: tenantAnswer })
  @ApiProblems({
    400: 'VALIDATION_FAILED',
    401: 'UNAUTHENTICATED',
    404: 'TENANT_NOT_FOUND',
    503: 'DATABASE_UNAVAILABLE',
  })
  async get(@Param('domain', { schema: domain }) asked: string): Promise<TenantAnswer> {
    return toAnswer(await this.registry.getByDomain(asked));
  }
}
