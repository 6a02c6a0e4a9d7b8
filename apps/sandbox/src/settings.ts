import { resolve } from 'node:path';

/** What the environment says of the sandbox. */
export interface SandboxSettings {
  readonly ports: Readonly<Record<PortName, number>>;
  /** A server to use instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Where the sandbox keeps its data, secrets and logs. */
  readonly directory: string;
}

export type PortName = keyof typeof DEFAULT_PORTS;

const DEFAULT_PORTS = {
  PORT: 3000,
  TENANT_MANAGEMENT_PORT: 3001,
  MAILBOX_PORT: 8025,
  SMTP_PORT: 1025,
  SMS_PORT: 8026,
} as const;

/** Reads and checks the environment. Throws an error that names the variable that is wrong. */
export function readSettings(environment: NodeJS.ProcessEnv): SandboxSettings {
  const names = Object.keys(DEFAULT_PORTS) as PortName[];
  const ports = Object.fromEntries(names.map((name) => [name, portOf(name, environment[name])]));
  return {
    ports: ports as Record<PortName, number>,
    databaseUrl: databaseUrlOf(environment.DATABASE_URL),
    directory: resolve(environment.SANDBOX_DIR || '.sandbox'),
  };
}

function portOf(name: PortName, value: string | undefined): number {
  if (value === undefined || value === '') return DEFAULT_PORTS[name];
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Error(`${name} is ${JSON.stringify(value)}, which is no port. Set it to a whole number from 1 to 65535.`);
}

function databaseUrlOf(value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (/^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value)) return value;
  throw new Error('DATABASE_URL is no PostgreSQL address. It looks like postgres://user:password@host:5432/database.');
}
