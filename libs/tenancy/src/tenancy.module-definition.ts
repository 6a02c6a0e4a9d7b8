import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { TenancyModuleOptions } from './tenancy-options.interface.js';
import { tenancyProviders } from './tenancy.providers.js';
import { TENANCY_OPTIONS } from './tenancy.tokens.js';

/** What `forRoot()` and `forRootAsync()` take beside the options. */
export interface TenancyModuleExtras {
  /** Whether the providers can be injected everywhere. @defaultValue `true` */
  readonly isGlobal?: boolean;
  /**
   * For `forRootAsync()`, whose options are not known yet when the providers are declared: `false` leaves out the
   * DataSource and what hangs on it. @defaultValue `true`; `forRoot()` goes by the option `database`
   */
  readonly withDatabase?: boolean;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<TenancyModuleOptions>({ optionsInjectionToken: TENANCY_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTenancyOptions')
    .setExtras<TenancyModuleExtras>({ isGlobal: true, withDatabase: undefined }, (definition, extras) => {
      const options: TenancyModuleExtras & Partial<TenancyModuleOptions> = extras;
      const isSync = options.store !== undefined;
      const { providers, exports } = tenancyProviders(
        extras.withDatabase ?? (isSync ? options.database !== undefined : true),
      );
      return {
        ...definition,
        global: extras.isGlobal,
        providers: [...(definition.providers ?? []), ...providers],
        exports,
      };
    })
    .build();
