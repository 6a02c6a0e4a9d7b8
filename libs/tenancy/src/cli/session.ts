import type { Abstract, Type } from '@nestjs/common';
import type { TenancyModuleOptions } from '../tenancy-options.interface.js';
import type { TenantService } from '../tenants/tenant.service.js';
import type { Output } from './output/output.js';

/** What a command works with. */
export interface Session {
  readonly options: TenancyModuleOptions;
  readonly tenants: TenantService;
  readonly output: Output;
  /** Aborted by the first Ctrl-C: nothing more is to be begun. */
  readonly signal: AbortSignal;
  /** What is to be done where the second Ctrl-C ends the command. */
  whenEndedAtOnce(work: () => void): void;
  /** What the module has for the application; `undefined` where it has none. */
  find<T>(token: Abstract<T>): T | undefined;
  /** What works in the tenants' schemas. Throws where the application has no `database`. */
  inDatabase<T>(token: Type<T>): T;
}
