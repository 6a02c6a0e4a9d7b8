import { request as httpRequest } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { InMemoryTenantStore } from 'nestjs-tenancy';
import type { TestDatabase } from '../../../../test/support/test-database.js';
import { createTestDatabase } from '../../../../test/support/test-database.js';
import { createApp } from '../app.js';
import type { Environment } from '../environment.js';
import { readEnvironment } from '../environment.js';
import { issueToken } from '../issue-token.js';
import type { MailServer } from './mail-server.js';
import { startMailServer } from './mail-server.js';
import type { Registry } from './registry.js';
import { REGISTRY_TOKEN, startRegistry } from './registry.js';
import type { SmsServer } from './sms-server.js';
import { ACCOUNT_SID, AUTH_TOKEN, startSmsServer } from './sms-server.js';
import { acmeAndGlobex, createSchemas } from './tenants.js';

export const JWT_SECRET = 'a secret of more than 32 characters';
const TOKENS = {
  acme: issueToken({ tenant: 'acme', secret: JWT_SECRET }),
  globex: issueToken({ tenant: 'globex', secret: JWT_SECRET }),
  platform: issueToken({ platform: true, secret: JWT_SECRET }),
};

export interface Call {
  /** Whose token is sent. @defaultValue `'acme'` */
  readonly as?: keyof typeof TOKENS | 'nobody';
  readonly headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  // What a service answers is whatever it answers: a test says what it expects of it.
  readonly body: Record<string, never>;
}

/** The service with everything around it that is not its own: a database, a registry, a mail server, a provider. */
export class TestService {
  private app: NestExpressApplication | undefined;
  url = '';

  private constructor(
    readonly database: TestDatabase,
    readonly tenants: InMemoryTenantStore,
    public registry: Registry,
    readonly mail: MailServer,
    readonly sms: SmsServer,
    private readonly variables: Record<string, string>,
  ) {}

  /** Starts it all; `variables` are the service's environment beyond what it needs to run here. */
  static async start(variables: Record<string, string> = {}): Promise<TestService> {
    const database = await createTestDatabase();
    const tenants = acmeAndGlobex();
    await createSchemas(database.url, tenants);
    const parts = [startRegistry(tenants), startMailServer(), startSmsServer()] as const;
    const [registry, mail, sms] = await Promise.all(parts);
    const service = new TestService(database, tenants, registry, mail, sms, variables);
    await service.startApp();
    return service;
  }

  get environment(): Environment {
    return readEnvironment({
      DATABASE_URL: this.database.url,
      DATABASE_POOL_SIZE: '4',
      TENANT_MANAGEMENT_URL: this.registry.url,
      TENANT_MANAGEMENT_TOKEN: REGISTRY_TOKEN,
      TENANT_CACHE_TTL_MS: '0',
      // Tests ask more often than anybody who pays.
      PLAN_REQUESTS_PER_MINUTE: 'default=1000000',
      ADDRESS_REQUESTS_PER_MINUTE: '1000000',
      JWT_SECRET,
      SMTP_URL: this.mail.url,
      TWILIO_BASE_URL: this.sms.url,
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      MESSAGE_ATTEMPTS: '3',
      MESSAGE_BACKOFF_MS: '50',
      MESSAGE_HOLD_MS: '200',
      ...this.variables,
    });
  }

  async startApp(): Promise<void> {
    this.app = await createApp(this.environment, { logger: false });
    await this.app.listen(0, '127.0.0.1');
    this.url = await this.app.getUrl();
  }

  async stopApp(): Promise<void> {
    await this.app?.close();
    this.app = undefined;
  }

  async stop(): Promise<void> {
    await this.stopApp();
    await Promise.all([this.registry.stop(), this.mail.stop(), this.sms.stop()]);
    await this.database.drop();
  }

  /** Not fetch(), which chooses the Host itself. */
  call(method: string, path: string, { as = 'acme', headers = {}, body }: Call = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const sent = {
      ...(as === 'nobody' ? {} : { authorization: `Bearer ${TOKENS[as]}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.url);
      const request = httpRequest({ hostname, port, method, path, headers: sent }, (response) => {
        let received = '';
        response.on('data', (chunk: Buffer) => (received += chunk.toString()));
        response.on('end', () => {
          const isJson = /json/.test(response.headers['content-type'] ?? '');
          const parsed = (isJson ? JSON.parse(received) : { text: received }) as Answer['body'];
          resolve({ status: response.statusCode!, headers: response.headers, body: parsed });
        });
      });
      request.on('error', reject);
      request.end(text);
    });
  }

  /** A message as it is once it is no longer queued. */
  async settled(id: string, call: Call = {}): Promise<Answer['body']> {
    return eventually(async () => {
      const { body } = await this.call('GET', `/messages/${id}`, call);
      return body.status === 'queued' ? undefined : body;
    });
  }
}

/** Asks again and again until there is an answer; a test's own timeout ends it. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
