import { defineTenancyConfig } from 'nestjs-tenancy';
import { readEnvironment } from './environment.js';
import { tenancyOptions } from './tenancy-options.js';

/** What the command `tenancy` reads: the options that the service has. */
export default defineTenancyConfig(() => tenancyOptions(readEnvironment(process.env)));
