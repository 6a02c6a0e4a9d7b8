import { z } from 'zod';
import { planRequestsPerMinute, requestsPerMinute } from './limits/requests-per-minute.js';
import { emailSender, smsSender } from './settings/settings.js';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(1).max(86_400_000);
const databaseUrl = z.url({ protocol: /^postgres(?:ql)?$/ });

const commaSeparated = z.string().transform((text) => text.split(',').map((part) => part.trim()));
const proxies = commaSeparated.pipe(
  z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6(), z.enum(['loopback', 'linklocal', 'uniquelocal'])])),
);
const encryptionKeys = commaSeparated
  .refine(
    (keys) => keys.every((key) => /^[\w-]+:[\w+/=-]+$/.test(key)),
    'Keys look like id:base64, separated by commas.',
  )
  .transform((keys) => keys.map((key) => ({ id: key.split(':')[0], key: key.split(':')[1] })));

const environment = z.object({
  /** 0 takes a free port. */
  PORT: port.default(3000),
  /** The address to listen on; every one where it is absent. */
  HOST: z.string().optional(),
  /**
   * The balancers and proxies in front of the service: addresses, ranges, or `loopback`, `linklocal`, `uniquelocal`. Without
   * them all that comes by one is counted for its address. @defaultValue none
   */
  TRUSTED_PROXIES: proxies.optional(),
  DATABASE_URL: databaseUrl,
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(1_000).default(10),
  /**
   * Where the queue is. It listens for notifications, so it needs a server and not a transaction pooler.
   * @defaultValue DATABASE_URL
   */
  QUEUE_DATABASE_URL: databaseUrl.optional(),
  TENANT_MANAGEMENT_URL: z.url({ protocol: /^https?$/ }),
  TENANT_MANAGEMENT_TOKEN: z.string(),
  /** Tenants are subdomains of it: `acme.example.com`. */
  TENANT_BASE_DOMAIN: z.hostname().toLowerCase().default('localhost'),
  /** Further host names of the service itself, separated by commas, `*.` for all below one: no tenant is looked up by them. */
  OWN_HOSTS: commaSeparated.optional(),
  /** After this time at the latest a suspended tenant is refused and its changed settings are seen, told of it or not. */
  TENANT_CACHE_TTL_MS: z.coerce.number().int().min(0).max(3_600_000).default(10_000),
  /** Whether the tenant management service tells of changes, which are seen at once then. */
  TENANT_WATCH: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
  /** A Redis that all instances share what they know of the tenants through, and count in; each is alone where it is absent. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** How many requests a tenant may make in a minute, by its plan. */
  PLAN_REQUESTS_PER_MINUTE: planRequestsPerMinute.prefault('default=600,gold=6000'),
  /** How many an address may make that are no tenant's: without a valid token, or for nobody. */
  ADDRESS_REQUESTS_PER_MINUTE: requestsPerMinute.prefault('600'),
  JWT_SECRET: z.string().min(32),
  JWT_ISSUER: z.string().default('communication'),
  /** `smtp://user:password@host:port`; `?ignoreTLS=true` for a server without TLS that offers it. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  /**
   * What the secrets among tenants' settings are encrypted with: `id:key`, the key as `openssl rand -base64 32` makes it.
   * Several, separated by commas, the newest first: it encrypts. Without any, tenants can keep no secrets.
   */
  SETTINGS_KEYS: encryptionKeys.optional(),
  /** Ranges such as `10.1.0.0/16`, separated by commas, that tenants' own mail servers may be in though not public. */
  TENANT_SERVERS_ALLOW: commaSeparated.optional(),
  /** A certificate authority, as PEM, that certifies tenants' own mail servers beside the public ones. */
  TENANT_SERVERS_CA: z.string().optional(),
  /** The sender of tenants that have none of their own. */
  EMAIL_FROM: emailSender.optional(),
  SMS_SENDER_ID: smsSender.optional(),
  TWILIO_BASE_URL: z.url({ protocol: /^https?$/ }).default('https://api.twilio.com'),
  TWILIO_ACCOUNT_SID: z.string().startsWith('AC'),
  TWILIO_AUTH_TOKEN: z.string(),
  /** How often a message is tried before it has failed. */
  MESSAGE_ATTEMPTS: z.coerce.number().int().min(1).max(100).default(5),
  /** The wait before the second attempt; it doubles with each further one. */
  MESSAGE_BACKOFF_MS: milliseconds.default(5_000),
  /** How long a message waits for which something of our own is missing, or whose tenant is active again. */
  MESSAGE_HOLD_MS: milliseconds.default(15_000),
  /** How many messages one instance sends at once. */
  MESSAGE_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(20),
  /** How many of them may be one tenant's, whose mail server may be slow or silent. */
  MESSAGE_CONCURRENCY_PER_TENANT: z.coerce.number().int().min(1).max(1_000).default(5),
  /** How often messages are looked for that wait without a job. */
  MESSAGE_SWEEP_MS: milliseconds.default(60_000),
});

/** What the service is told by its environment, checked and completed. */
export type Environment = Readonly<z.output<typeof environment>>;

/** Injects the `Environment`. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

/** What is wrong with the environment, every variable on a line of its own. */
export class EnvironmentError extends Error {}

/** Reads the variables. Throws `EnvironmentError`. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  // Compose files hand on variables that nobody set as empty ones.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    // Never the value: it may be a secret.
    return given[name] === undefined ? `  ${name} is missing` : `  ${name}: ${message}`;
  });
  throw new EnvironmentError(`The environment of the service is not right:\n${[...new Set(lines)].join('\n')}`);
}
