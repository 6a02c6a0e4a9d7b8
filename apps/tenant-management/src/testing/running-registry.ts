import { afterAll, beforeAll } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import type { TestDatabase } from '../../../../test/support/test-database.js';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../app.js';

export const TOKEN = 'token-of-the-tests-1';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there
  readonly body: any;
}

export interface Registry {
  readonly app: NestExpressApplication;
  readonly url: string;
  readonly database: TestDatabase;
  /** One request with the token; a string is sent as it is. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** Starts the service as production does, on a free port and with a login role that may do no more than it needs. */
export async function startRegistry(database: TestDatabase, env: Record<string, string> = {}): Promise<Registry> {
  const app = await createApp(
    { DATABASE_URL: database.appUrl, SERVICE_TOKEN: TOKEN, READY_SCHEMAS: '0', ...env },
    { logger: false },
  );
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, database, call: (...request) => call(url, ...request) };
}

/** A service with a database of its own for all tests of a file. */
export function useRegistry(env: Record<string, string> = {}): Registry {
  const database = useTestDatabase();
  let running: Registry;
  beforeAll(async () => {
    await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${database.appRole}`);
    running = await startRegistry(database, env);
  });
  afterAll(() => running.app.close());
  return {
    database,
    get app() {
      return running.app;
    },
    get url() {
      return running.url;
    },
    call: (...request) => running.call(...request),
  };
}

/** The schemas of tenants that the database has. */
export async function tenantSchemas(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ nspname: string }>(
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' ORDER BY nspname`,
  );
  return rows.map(({ nspname }) => nspname);
}

/** The statuses of several answers, the smallest first. */
export function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status).sort((a, b) => a - b);
}

async function call(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
