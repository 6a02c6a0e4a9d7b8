import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { HealthCheckResult } from '@nestjs/terminus';
import { HealthCheck, HealthCheckService, TypeOrmHealthIndicator } from '@nestjs/terminus';
import { TenantDataSourceFactory } from 'nestjs-tenancy';
import { OpenRoute } from '../access/open-route.decorator.js';

@ApiTags('health')
@OpenRoute()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly typeOrm: TypeOrmHealthIndicator,
    private readonly database: TenantDataSourceFactory,
  ) {}

  @Get()
  @HealthCheck()
  @ApiOperation({ summary: 'Whether the service and its database work' })
  check(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.typeOrm.pingCheck('database', { connection: this.database.system, timeout: 2_000 }),
    ]);
  }
}
