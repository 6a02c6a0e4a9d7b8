import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import type { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import type { TenantLifecycle } from './schemas/lifecycle/tenant-lifecycle.js';
import type { TenantMigrations } from './schemas/migrations/tenant-migrations.js';

/** What the module tells an application that imports EventEmitterModule of @nestjs/event-emitter. */
export const ISOLATION_VIOLATION = 'tenant.isolation_violation';

interface Emitter {
  emit(event: string, ...values: unknown[]): boolean;
}

/** Who has something to tell; none where the application has none of it. */
export interface EventSources {
  readonly database: Pick<TenantDataSourceFactory, 'violations'> | null;
  readonly lifecycle?: Pick<TenantLifecycle, 'events'> | null;
  readonly migrations?: Pick<TenantMigrations, 'migrated'> | null;
}

/** Emits what an application should hear of through its EventEmitter2, where it has one. */
export class TenancyEvents implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('TenancyModule');
  private readonly subscriptions: Array<Subscription | undefined> = [];

  constructor(
    private readonly sources: EventSources,
    private readonly modules: ModuleRef,
  ) {}

  async onModuleInit(): Promise<void> {
    const emitter = await this.findEmitter();
    if (!emitter) return;
    const { database, lifecycle, migrations } = this.sources;
    const emit = (name: string, event: unknown) => this.emit(emitter, name, event);
    this.subscriptions.push(
      database?.violations.subscribe((violation) => emit(ISOLATION_VIOLATION, violation)),
      lifecycle?.events.subscribe(([name, event]) => emit(name, event)),
      migrations?.migrated.subscribe((result) => emit('tenant.schema_migrated', result)),
    );
  }

  onModuleDestroy(): void {
    for (const subscription of this.subscriptions) subscription?.unsubscribe();
  }

  /** What happened has happened: a listener that throws must not make it look as if it had not. */
  private emit(emitter: Emitter, name: string, event: unknown): void {
    try {
      emitter.emit(name, event);
    } catch (error) {
      this.logger.error(`A listener of ${name} failed.`, error instanceof Error ? error.stack : String(error));
    }
  }

  private async findEmitter(): Promise<Emitter | undefined> {
    const events = await import('@nestjs/event-emitter').catch(() => undefined);
    if (!events) return undefined;
    try {
      return this.modules.get(events.EventEmitter2, { strict: false });
    } catch {
      // Installed, and not imported.
      return undefined;
    }
  }
}
