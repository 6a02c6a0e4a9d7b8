import { setTimeout } from 'node:timers/promises';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ReadySchemas } from 'nestjs-tenancy';
import type { Subscription } from 'rxjs';
import type { Environment } from '../config/environment.js';

const RETRY_MS = 5_000;

/** Keeps schemas ready, beside the requests: who creates a tenant has not to wait for its migrations. */
@Injectable()
export class ReadyStock implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ReadyStock.name);
  private readonly stop = new AbortController();
  private readonly count: number;
  private filling: Promise<void> | undefined;
  private isWanted = false;
  private claims: Subscription | undefined;

  constructor(
    private readonly ready: ReadySchemas,
    config: ConfigService<Environment, true>,
  ) {
    this.count = config.get('READY_SCHEMAS', { infer: true });
  }

  onApplicationBootstrap(): void {
    if (this.count === 0) return;
    this.claims = this.ready.claimed.subscribe(() => this.refill());
    this.refill();
  }

  /** The schema that is being made is finished; what it would wait for is left to the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.claims?.unsubscribe();
    this.stop.abort();
    await this.filling;
  }

  private refill(): void {
    this.isWanted = true;
    this.filling ??= this.fill();
  }

  private async fill(): Promise<void> {
    const { signal } = this.stop;
    while (this.isWanted && !signal.aborted) {
      this.isWanted = false;
      try {
        await this.ready.refill({ count: this.count, signal });
      } catch (error) {
        this.logger.warn(`No schema could be made ready, which is tried again: ${String(error)}`);
        this.isWanted = true;
        await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    // In the same turn as the last look at what is wanted: who comes next begins anew.
    this.filling = undefined;
  }
}
