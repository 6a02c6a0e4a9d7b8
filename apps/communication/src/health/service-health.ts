import { Inject, Injectable } from '@nestjs/common';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { HealthIndicatorService } from '@nestjs/terminus';
import { TenantContext } from 'nestjs-tenancy';
import { DataSource } from 'typeorm';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { MessageQueue } from '../queue/message-queue.js';

const TIMEOUT_MS = 2_000;

/** What the service depends on. The answers say no more than whether it is there: anybody may ask. */
@Injectable()
export class ServiceHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly context: TenantContext,
    private readonly dataSource: DataSource,
    private readonly messages: MessageQueue,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {}

  async database(): Promise<HealthIndicatorResult> {
    const answers = await isAnswered(this.context.runAsSystem(() => this.dataSource.query('SELECT 1')));
    return answers ? this.indicators.check('database').up() : this.indicators.check('database').down();
  }

  async queue(): Promise<HealthIndicatorResult> {
    const answers = await isAnswered(this.messages.ping());
    return answers ? this.indicators.check('queue').up() : this.indicators.check('queue').down();
  }

  /** Without it the tenants that are known go on working: degraded, not down. */
  async tenantManagement(): Promise<HealthIndicatorResult> {
    const url = `${this.environment.TENANT_MANAGEMENT_URL.replace(/\/+$/, '')}/health`;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answers = await isAnswered(
      fetch(url, { signal, redirect: 'manual' }).then(async (response) => {
        await response.body?.cancel();
        if (!response.ok) throw new Error(`${response.status}`);
      }),
    );
    const indicator = this.indicators.check('tenant-management');
    return answers ? indicator.up() : indicator.degraded();
  }
}

/** Whether it answers in time. */
async function isAnswered(question: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, false);
  });
  const answer = question.then(
    () => true,
    () => false,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
