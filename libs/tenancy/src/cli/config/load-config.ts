import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { loadEnvFile } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TenancyConfig } from '../../tenancy-config.js';
import type { TenancyModuleOptions } from '../../tenancy-options.interface.js';
import { TenancyCommandError } from '../../tenancy.errors.js';
import { isRecord } from '../../tenants/tenant.js';
import type { ConfigFile } from './config-file.js';

/** The root of this package. */
const OWN = new URL('../../../', import.meta.url);

/** The options of the application. What its file throws is the `cause` of a `TenancyCommandError`. */
export async function loadConfig({ file, env }: ConfigFile): Promise<TenancyModuleOptions> {
  // What the environment says goes first.
  if (env !== undefined) loadEnvFile(env);
  assertSameCopy(file);
  let options: unknown;
  try {
    const config = defaultOf(await import(pathToFileURL(file).href));
    options = typeof config === 'function' ? await (config as () => unknown)() : config;
  } catch (error) {
    throw new TenancyCommandError(`${file} failed: ${reasonOf(error)}`, { cause: error });
  }
  if (isRecord(options) && options.store !== undefined) return options as unknown as TenancyModuleOptions;
  throw new TenancyCommandError(
    `${file} gives no options with a \`store\`. Its default export is what TenancyModule.forRoot() is given, or a function that ` +
      'makes it: export default defineTenancyConfig({ store, database }).',
  );
}

/** Of an ES module, of one that TypeScript made CommonJS of, or of `module.exports` itself. */
function defaultOf(module: unknown): TenancyConfig | undefined {
  const content = isRecord(module) ? module.default : undefined;
  return (isRecord(content) && content.__esModule ? content.default : content) as TenancyConfig | undefined;
}

/** Two copies of this package know nothing of each other's current tenant. */
function assertSameCopy(file: string): void {
  let theirs: string;
  try {
    theirs = createRequire(file).resolve('nestjs-tenancy/package.json');
  } catch {
    return;
  }
  const [used, own] = [dirname(theirs), fileURLToPath(OWN)].map((path) => realpathSync(path));
  if (used === own) return;
  throw new TenancyCommandError(
    `${file} uses another copy of nestjs-tenancy than this command: ${used}, not ${own}. Run that one's: npx tenancy.`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
