import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, TestService } from '../testing/test-service.js';

/** More than are looked for at once. */
const MANY = 1_100;

let service: TestService;
let database: pg.Client;

beforeAll(async () => {
  service = await TestService.start({ MESSAGE_SWEEP_MS: '200' });
  database = new pg.Client({ connectionString: service.database.url });
  await database.connect();
});
afterAll(async () => {
  service.mail.hold = undefined;
  await database?.end();
  await service?.stop();
});

async function jobs(): Promise<number> {
  const { rows } = await database.query<{ count: string }>('SELECT count(*) FROM bullmq.job');
  return Number(rows[0].count);
}

describe('a tenant with many messages that is suspended', () => {
  it('has none in the queue, and all of them when it is restored', async () => {
    const acme = (await service.tenants.findById('acme'))!;
    service.tenants.save({ ...acme, status: 'suspended' });
    const rounds = () => service.registry.asked.filter((path) => path === '/tenants').length;
    const before = rounds();
    await eventually(() => (rounds() > before + 1 ? true : undefined));
    await database.query(
      `INSERT INTO t_acme.messages (channel, "to", subject, body, created_at)
       SELECT 'email', 'ada@example.com', 'Hello', 'Hello Ada!', now() - interval '1 hour' FROM generate_series(1, $1)`,
      [MANY],
    );
    const then = rounds();
    await eventually(() => (rounds() > then + 1 ? true : undefined));
    expect(await jobs()).toBe(0);

    // Nothing is sent, so that nothing makes room for the next ones.
    let release = (): void => undefined;
    service.mail.hold = new Promise((resolve) => (release = resolve));
    service.tenants.save(acme);
    await expect.poll(jobs, { timeout: 20_000 }).toBe(MANY);
    release();
  });
});
