import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Tenant } from 'nestjs-tenancy';
import { TenantService } from 'nestjs-tenancy';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { WaitingMessages } from './waiting-messages.js';

const TENANTS_PER_PAGE = 100;

/**
 * Adds the job of every message that waits for long: where a request died between the two, the queue lost one, or its tenant
 * was restored while nobody remembered that it waits.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Sweeper');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** Which tenants were not active at the last round. */
  private readonly inactive = new Set<string>();
  private stopped = false;

  constructor(
    private readonly tenants: TenantService,
    private readonly waiting: WaitingMessages,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {}

  onApplicationBootstrap(): void {
    const run = () => {
      this.running ??= this.sweep()
        .catch((error: Error) => this.logger.warn(`Waiting messages were not looked for: ${error.message}`))
        .finally(() => (this.running = undefined));
    };
    this.timer = setInterval(run, this.environment.MESSAGE_SWEEP_MS);
    run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async sweep(): Promise<void> {
    const seen = new Set<string>();
    for (let offset = 0; ; offset += TENANTS_PER_PAGE) {
      const { tenants, total } = await this.tenants.listTenants({ limit: TENANTS_PER_PAGE, offset });
      for (const tenant of tenants) {
        if (this.stopped) return;
        if (tenant.status !== 'active') {
          this.inactive.add(tenant.id);
          seen.add(tenant.id);
          continue;
        }
        await this.sweepTenant(tenant).catch((error: Error) =>
          this.logger.warn(`Waiting messages of tenant ${tenant.id} were not looked for: ${error.message}`),
        );
      }
      if (tenants.length === 0 || offset + tenants.length >= total) break;
    }
    await this.forgetDropped(seen);
  }

  private async forgetDropped(seen: ReadonlySet<string>): Promise<void> {
    for (const id of this.inactive) {
      // Not for being missing in the list alone: the pages move while tenants are dropped.
      if (!seen.has(id) && !(await this.tenants.findTenant(id))) this.inactive.delete(id);
    }
  }

  private async sweepTenant(tenant: Tenant): Promise<void> {
    // None of a restored one's messages has a job: a page each round would take it hours.
    if (this.inactive.has(tenant.id)) await this.waiting.queueAll(tenant, () => !this.stopped);
    else await this.waiting.queueOld(tenant, this.environment.MESSAGE_SWEEP_MS);
    this.inactive.delete(tenant.id);
  }
}
