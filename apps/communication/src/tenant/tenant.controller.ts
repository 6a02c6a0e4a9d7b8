import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Tenant } from 'nestjs-tenancy';
import { CurrentTenant } from 'nestjs-tenancy';
import { z } from 'zod';

const tenantFacts = z.object({ id: z.string(), name: z.string(), plan: z.string(), status: z.string() });

@ApiTags('tenant')
@Controller(['tenant', 'tenants/:tenantId/tenant'])
export class TenantController {
  @Get()
  @ApiOperation({ summary: 'The tenant that the request is for' })
  @ApiOkResponse({ standardSchema: tenantFacts })
  // One by one: where its tables are, and its settings, are nobody's business.
  read(@CurrentTenant() { id, name, plan, status }: Tenant): z.output<typeof tenantFacts> {
    return { id, name, plan, status };
  }
}
