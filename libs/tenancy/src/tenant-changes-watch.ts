import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { TenantWatch } from './tenants/tenant-store.js';
import type { TenantService } from './tenants/tenant.service.js';

/** Hears of changes of tenants for as long as the application runs. It does not wait for the connection: the cache does without. */
export class TenantChangesWatch implements OnModuleInit, OnModuleDestroy {
  private watching: TenantWatch | undefined;

  constructor(private readonly tenants: Pick<TenantService, 'watch'> | undefined) {}

  onModuleInit(): void {
    this.watching = this.tenants?.watch();
  }

  async onModuleDestroy(): Promise<void> {
    await this.watching?.close();
  }
}
