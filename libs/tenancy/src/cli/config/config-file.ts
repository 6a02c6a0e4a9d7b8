import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TenancyCommandError } from '../../tenancy.errors.js';
import { isRecord } from '../../tenants/tenant.js';

/** Where the options of the application are. */
export interface ConfigFile {
  readonly file: string;
  /** A file of environment variables that it needs. */
  readonly env?: string;
}

export interface ConfigChoice {
  readonly cwd: string;
  /** `--config` and `--env`. */
  readonly config?: string;
  readonly env?: string;
}

const NAMES = ['tenancy.config.js', 'tenancy.config.mjs', 'tenancy.config.cjs'];

/** The file that is named, or that package.json names, or that has one of the names. Throws `TenancyCommandError`. */
export function findConfigFile({ cwd, config, env }: ConfigChoice): ConfigFile {
  const named = namedInManifest(cwd);
  const file = config ?? named ?? NAMES.find((name) => existsSync(join(cwd, name)));
  if (file === undefined) {
    throw new TenancyCommandError(
      `There is no ${NAMES.slice(0, 2).join(' or ')} in ${cwd}, and package.json names none there. Write one whose default ` +
        'export is what TenancyModule is given (or a function that makes it), or name it: --config PATH.',
    );
  }
  const path = existing(resolve(cwd, file), config === undefined ? 'The config that package.json names' : 'The config');
  return { file: path, ...(env && { env: existing(resolve(cwd, env), 'The file of variables') }) };
}

function existing(path: string, what: string): string {
  if (existsSync(path)) return path;
  throw new TenancyCommandError(`${what} is not there: ${path}. Is the application built, and is this its folder?`);
}

/** What `"tenancy": { "config": … }` says in the package.json of a folder. */
function namedInManifest(folder: string): string | undefined {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return undefined;
  let said: unknown;
  try {
    const content: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
    said = isRecord(content) ? content.tenancy : undefined;
  } catch (error) {
    throw new TenancyCommandError(`${manifest} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (said === undefined) return undefined;
  if (isRecord(said) && typeof said.config === 'string' && Object.keys(said).length === 1) return said.config;
  throw new TenancyCommandError(`"tenancy" in ${manifest} is { "config": PATH }, and nothing else.`);
}
