import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { registerDemoTenants } from './demo-tenants.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { writeEnvironmentFile } from './environment-file.js';
import { startMailCatcher } from './mail-catcher.js';
import { assertPortFree } from './ports.js';
import { APP_ROLE, prepareDatabase } from './sandbox-database.js';
import { loadSecrets } from './secrets.js';
import { ServiceProcess } from './service-process.js';
import type { PortName, SandboxSettings } from './settings.js';
import { startSmsCatcher } from './sms-catcher.js';

const ACCOUNT_SID = `AC${'0'.repeat(32)}`;

/** Everything that runs, in the order in which it was started. */
export class Sandbox {
  private readonly parts: Array<{ stop(): Promise<void> }> = [];

  constructor(
    private readonly settings: SandboxSettings,
    private readonly say: (message: string) => void,
  ) {}

  /** Starts the database, the catchers, both services and the demo tenants. What fails half way is stopped by `stop()`. */
  async start(): Promise<void> {
    const { ports, directory } = this.settings;
    for (const [variable, port] of Object.entries(ports)) await assertPortFree(port, variable);
    const logs = join(directory, 'logs');
    await mkdir(logs, { recursive: true });
    const secrets = await loadSecrets(directory);
    const database = await prepareDatabase(await this.databaseUrl(), secrets);

    const sms = await startSmsCatcher({
      port: ports.SMS_PORT,
      portVariable: 'SMS_PORT',
      accountSid: ACCOUNT_SID,
      authToken: secrets.twilioToken,
    });
    this.parts.push(sms);
    this.parts.push(
      await startMailCatcher({
        smtpPort: ports.SMTP_PORT,
        smtpPortVariable: 'SMTP_PORT',
        httpPort: ports.MAILBOX_PORT,
        httpPortVariable: 'MAILBOX_PORT',
        sms: () => sms.messages(),
      }),
    );

    const registryUrl = `http://127.0.0.1:${ports.TENANT_MANAGEMENT_PORT}`;
    this.say('Starting tenant management …');
    await this.service('tenant-management', 'TENANT_MANAGEMENT_PORT', logs, {
      DATABASE_URL: database.registryUrl,
      SERVICE_TOKEN: secrets.serviceToken,
      TENANT_ROLES: APP_ROLE,
    });
    await registerDemoTenants(registryUrl, secrets.serviceToken);
    this.say('Starting the communication service …');
    await this.service('communication', 'PORT', logs, {
      DATABASE_URL: database.appUrl,
      TENANT_MANAGEMENT_URL: registryUrl,
      TENANT_MANAGEMENT_TOKEN: secrets.serviceToken,
      TENANT_BASE_DOMAIN: 'localhost',
      JWT_SECRET: secrets.jwtSecret,
      // Made of what is kept already: a sandbox of before has no secret of its own for it.
      SETTINGS_KEYS: `sandbox:${createHash('sha256').update(`settings:${secrets.jwtSecret}`).digest('base64')}`,
      SMTP_URL: `smtp://127.0.0.1:${ports.SMTP_PORT}`,
      TWILIO_BASE_URL: `http://127.0.0.1:${ports.SMS_PORT}`,
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: secrets.twilioToken,
    });
  }

  /** Stops everything, what was started last first, and goes on where one part cannot be stopped. */
  async stop(): Promise<void> {
    for (const part of this.parts.splice(0).toReversed()) {
      await part.stop().catch((error: Error) => this.say(`While stopping: ${error.message}`));
    }
  }

  private async databaseUrl(): Promise<string> {
    const { databaseUrl, directory } = this.settings;
    if (databaseUrl) return databaseUrl;
    this.say('Starting PostgreSQL …');
    const server = await startEmbeddedPostgres({
      directory: join(directory, 'postgres'),
      persistent: true,
      notice: this.say,
    });
    this.parts.push(server);
    return server.url;
  }

  private async service(
    name: string,
    portVariable: PortName,
    logs: string,
    environment: Record<string, string>,
  ): Promise<void> {
    const port = this.settings.ports[portVariable];
    await writeEnvironmentFile(this.settings.directory, name, environment);
    const service = await ServiceProcess.start({
      name,
      main: new URL(`../../${name}/dist/main.js`, import.meta.url),
      environment: { ...environment, PORT: String(port), HOST: '127.0.0.1', NO_COLOR: '1' },
      healthUrl: `http://127.0.0.1:${port}/health`,
      logFile: join(logs, `${name}.log`),
      notice: this.say,
    });
    this.parts.push(service);
  }
}
