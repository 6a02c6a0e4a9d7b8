import { Controller, Get, HttpStatus, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService } from '@nestjs/terminus';
import type { Response } from 'express';
import { BypassTenancy } from 'nestjs-tenancy';
import { ServiceHealth } from './service-health.js';

@ApiTags('health')
@Controller('health')
@BypassTenancy()
export class HealthController {
  private running: Promise<unknown> | undefined;

  constructor(
    private readonly health: HealthCheckService,
    private readonly service: ServiceHealth,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Whether the service can work', security: [] })
  async check(@Res({ passthrough: true }) response: Response): Promise<unknown> {
    try {
      return await this.checked();
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      response.status(HttpStatus.SERVICE_UNAVAILABLE);
      return error.getResponse();
    }
  }

  /** One at a time, for all who ask meanwhile: anybody may, as often as he likes. */
  private checked(): Promise<unknown> {
    this.running ??= this.health
      .check([() => this.service.database(), () => this.service.queue(), () => this.service.tenantManagement()])
      .finally(() => (this.running = undefined));
    return this.running;
  }
}
