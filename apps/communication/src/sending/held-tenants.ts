import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { TenantService } from 'nestjs-tenancy';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { WaitingMessages } from './waiting-messages.js';

/**
 * The tenants whose messages this instance has let go because they are not active. Their messages have no jobs meanwhile:
 * thousands that come again and again, only to be held again, would keep the worker from the other tenants. Each tenant is
 * looked at instead, and its messages are queued when it is active.
 */
@Injectable()
export class HeldTenants implements BeforeApplicationShutdown {
  private readonly logger = new Logger('HeldTenants');
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly looking = new Set<Promise<void>>();
  private stopped = false;

  constructor(
    private readonly tenants: TenantService,
    private readonly waiting: WaitingMessages,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {}

  /** A message of it was let go. */
  hold(tenantId: string): void {
    if (this.stopped) return;
    const timer = this.timers.get(tenantId);
    // From the last one on: the job of a message that is still about to end would not be added again.
    if (timer) return void timer.refresh();
    this.timers.set(
      tenantId,
      setTimeout(() => this.look(tenantId), this.environment.MESSAGE_HOLD_MS),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.looking);
  }

  private look(tenantId: string): void {
    this.timers.delete(tenantId);
    const looking = this.release(tenantId)
      .catch((error: Error) => {
        this.logger.warn(`Held messages of tenant ${tenantId} go on waiting: ${error.message}`);
        this.hold(tenantId);
      })
      .finally(() => this.looking.delete(looking));
    this.looking.add(looking);
  }

  private async release(tenantId: string): Promise<void> {
    const tenant = await this.tenants.findTenant(tenantId);
    if (!tenant) return;
    if (tenant.status === 'active') return this.waiting.queueAll(tenant, () => !this.stopped);
    this.hold(tenantId);
  }
}
