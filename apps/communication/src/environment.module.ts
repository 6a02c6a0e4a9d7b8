import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { Environment } from './environment.js';
import { ENVIRONMENT } from './environment.js';

/** Gives every module the `Environment`. */
@Module({})
export class EnvironmentModule {
  static with(environment: Environment): DynamicModule {
    const provider = { provide: ENVIRONMENT, useValue: environment };
    return { module: EnvironmentModule, global: true, providers: [provider], exports: [provider] };
  }
}
