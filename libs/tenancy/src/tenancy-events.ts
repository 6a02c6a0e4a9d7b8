import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import type { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';

/** What the module tells an application that imports EventEmitterModule of @nestjs/event-emitter. */
export const ISOLATION_VIOLATION = 'tenant.isolation_violation';

interface Emitter {
  emit(event: string, ...values: unknown[]): boolean;
}

/** Emits what an application should hear of through its EventEmitter2, where it has one. */
export class TenancyEvents implements OnModuleInit, OnModuleDestroy {
  private subscription: Subscription | undefined;

  constructor(
    private readonly database: Pick<TenantDataSourceFactory, 'violations'> | null,
    private readonly modules: ModuleRef,
  ) {}

  async onModuleInit(): Promise<void> {
    const emitter = await this.findEmitter();
    this.subscription = this.database?.violations.subscribe((violation) => {
      emitter?.emit(ISOLATION_VIOLATION, violation);
    });
  }

  onModuleDestroy(): void {
    this.subscription?.unsubscribe();
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
