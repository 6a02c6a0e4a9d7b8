import type { MigrationInterface, QueryRunner } from 'typeorm';

// No name here is qualified with a schema: the migration runs once in each tenant's own.
export class CreateCommunication1760000000000 implements MigrationInterface {
  readonly name = 'CreateCommunication1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE templates (
        id text PRIMARY KEY,
        channel text NOT NULL CHECK (channel IN ('email', 'sms')),
        subject text,
        body text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE messages (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        channel text NOT NULL CHECK (channel IN ('email', 'sms')),
        "to" text NOT NULL,
        "from" text,
        subject text,
        body text NOT NULL,
        template_id text REFERENCES templates (id) ON DELETE SET NULL,
        status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed')),
        idempotency_key text UNIQUE,
        request_hash text,
        provider_id text,
        created_at timestamptz NOT NULL DEFAULT now(),
        sent_at timestamptz
      )`);
    await runner.query('CREATE INDEX messages_newest ON messages (created_at DESC, id DESC)');
    await runner.query("CREATE INDEX messages_queued ON messages (created_at) WHERE status = 'queued'");
    await runner.query(`
      CREATE TABLE message_attempts (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        outcome text NOT NULL CHECK (outcome IN ('sent', 'failed')),
        error text,
        at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX message_attempts_message ON message_attempts (message_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE message_attempts, messages, templates');
  }
}
