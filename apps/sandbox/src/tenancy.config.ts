import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { readEnvironment } from 'tenant-management/environment';
import { tenancyOptions } from 'tenant-management/tenancy-options';
import { environmentFile } from './environment-file.js';
import { readSettings } from './settings.js';

/** What the command `tenancy` reads in this repository: the options of the tenant management service that `npm start` runs. */
export default function tenancyConfig(): ReturnType<typeof tenancyOptions> {
  const file = environmentFile(readSettings(process.env).directory, 'tenant-management');
  return tenancyOptions(readEnvironment(parseEnv(readFileSync(file, 'utf8'))));
}
