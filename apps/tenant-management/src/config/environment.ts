import { z } from 'zod';

// A role of the database, or a token, cannot hold a comma: both are given as lists.
const commaSeparated = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const environmentSchema = z.object({
  /** Where the service listens. `0`: a free port. */
  PORT: z.coerce.number('must be a port.').int('must be a port.').min(0).max(65_535).default(3001),
  /** The address it listens on: all of them, as in a container. `127.0.0.1` keeps it to this machine. */
  HOST: z.string().default('0.0.0.0'),
  /** The database of the registry and of all tenants' schemas. */
  DATABASE_URL: z
    .string('is missing. Give it as postgres://user:password@host:5432/database.')
    .refine(isPostgresUrl, 'must be an address such as postgres://user:password@host:5432/database.'),
  /** Connections at most. Creating a tenant takes two. */
  DATABASE_POOL_SIZE: z.coerce
    .number('must be a whole number.')
    .int('must be a whole number.')
    .min(2)
    .max(1_000)
    .default(10),
  /** So many schemas are made ahead, for tenants to come. `0`: none. */
  READY_SCHEMAS: z.coerce.number('must be a whole number.').int('must be a whole number.').min(0).max(1_000).default(3),
  /** What callers send as `Authorization: Bearer …`. Several, separated by commas, while one takes the place of another. */
  SERVICE_TOKEN: z
    .string('is missing. Make one with: openssl rand -hex 32')
    .pipe(commaSeparated)
    .pipe(z.array(serviceToken()).min(1, 'has no token in it. Make one with: openssl rand -hex 32')),
  /** Database roles of the services that use the tenants' tables and do not own them, separated by commas. */
  TENANT_ROLES: commaSeparated.prefault(''),
  /** For how many days an archived tenant is kept before it may be dropped. */
  TENANT_DROP_GRACE_DAYS: z.coerce.number('must be a number of days.').min(0).max(36_500).default(30),
  /** Ids that no tenant may have, separated by commas, beside those that the library reserves. */
  RESERVED_TENANT_IDS: commaSeparated.prefault(''),
  /** Streams of changes at once: one for each instance of each service. */
  MAX_CHANGE_STREAMS: z.coerce.number('must be a whole number.').int('must be a whole number.').min(1).default(1_000),
});

export type Environment = z.infer<typeof environmentSchema>;

/** Says of every variable that is wrong what is wrong with it; never what it holds. */
export class EnvironmentError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The environment is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** Reads the service's variables. One that is empty counts as not set. Throws `EnvironmentError`. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = environmentSchema.safeParse(given);
  if (result.success) return result.data;
  throw new EnvironmentError(result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`));
}

function serviceToken(): z.ZodString {
  return z
    .string()
    .min(16, 'has a token of fewer than 16 characters. Make one with: openssl rand -hex 32')
    .regex(/^[\w.~+/-]+=*$/, 'has a token with characters that no Authorization header can carry.');
}

function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text);
}
