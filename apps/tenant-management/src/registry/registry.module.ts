import type { OnModuleInit } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { TenantDataSourceFactory } from 'nestjs-tenancy';
import type { Environment } from '../config/environment.js';
import { assertRoles } from './assert-roles.js';
import { migrateRegistry } from './migrate-registry.js';

/** The registry's tables: there, and up to date, before the first request is taken. */
@Module({})
export class RegistryModule implements OnModuleInit {
  constructor(
    private readonly config: ConfigService<Environment, true>,
    private readonly database: TenantDataSourceFactory,
  ) {}

  async onModuleInit(): Promise<void> {
    await migrateRegistry(this.config.get('DATABASE_URL', { infer: true }));
    await assertRoles(this.database.system, this.config.get('TENANT_ROLES', { infer: true }));
  }
}
