import type { TenancyModuleOptions } from './tenancy-options.interface.js';

/** What `tenancy.config.js` exports as its default: the module's options, or a function that makes them. */
export type TenancyConfig = TenancyModuleOptions | (() => TenancyModuleOptions | Promise<TenancyModuleOptions>);

/**
 * Gives the default export of `tenancy.config.js` its type, and does nothing else. The command `tenancy` and the application
 * read the same file, so that both work on the same tenants in the same way. Let it start nothing: the command has no use for
 * workers and cron.
 *
 * @example
 * // tenancy.config.ts
 * export default defineTenancyConfig(() => ({ store: …, database: { url: process.env.DATABASE_URL, … } }));
 *
 * // app.module.ts
 * TenancyModule.forRootAsync({ useFactory: tenancyConfig })
 */
export function defineTenancyConfig(config: TenancyModuleOptions): TenancyModuleOptions;
export function defineTenancyConfig(config: () => TenancyModuleOptions): () => TenancyModuleOptions;
export function defineTenancyConfig(config: () => Promise<TenancyModuleOptions>): () => Promise<TenancyModuleOptions>;
export function defineTenancyConfig(config: TenancyConfig): TenancyConfig {
  return config;
}
