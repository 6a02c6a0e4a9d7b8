import type { TenantChangeListener } from 'nestjs-tenancy';
import { HttpTenantStore } from 'nestjs-tenancy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TOKEN, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry({ MAX_CHANGE_STREAMS: '3' });
const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

/** Whoever follows, and what he was told. */
function follow(token = TOKEN): string[] {
  const told: string[] = [];
  const listener: TenantChangeListener = {
    changed: (id) => told.push(id),
    resumed: () => told.push('resumed'),
    lost: () => told.push('lost'),
  };
  const watch = new HttpTenantStore({ baseUrl: registry.url, token }).watch(listener);
  ends.push(() => watch.close());
  return told;
}

describe('whoever follows the changes', () => {
  it('is told of each, by whatever way it was made', async () => {
    const [one, other] = [follow(), follow()];
    await vi.waitFor(() => expect([one, other]).toEqual([['resumed'], ['resumed']]));
    await registry.call('POST', '/tenants', { id: 'acme' });
    await vi.waitFor(() => expect(one).toContain('acme'));
    for (const change of [
      () => registry.call('POST', '/tenants/acme/suspend'),
      () => registry.call('PATCH', '/tenants/acme/config', { a: 1 }),
      () => registry.database.query(`UPDATE public.tenants SET plan = 'gold' WHERE id = 'acme'`),
      () => registry.call('DELETE', '/tenants/acme?confirm=acme&erase=true'),
    ]) {
      for (const told of [one, other]) told.length = 0;
      await change();
      await vi.waitFor(() => expect([one[0], other[0]]).toEqual(['acme', 'acme']));
    }
  });

  it('is told when the service itself lost the database, and when it hears again', async () => {
    const told = follow();
    await vi.waitFor(() => expect(told).toEqual(['resumed']));
    await registry.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query IN ('LISTEN nestjs_tenancy_changes', 'SELECT 1')`,
    );
    await vi.waitFor(() => expect(told).toEqual(['resumed', 'lost', 'resumed']), 5_000);
    await registry.call('POST', '/tenants', { id: 'globex' });
    await vi.waitFor(() => expect(told).toContain('globex'));
  });

  it('needs a token', async () => {
    const answer = await fetch(`${registry.url}/changes`);
    expect(answer.status).toBe(401);
    const told = follow('not-a-token-of-ours');
    await vi.waitFor(() => expect(told).toEqual(['lost']));
  });

  it('is one of so many', async () => {
    const three = [follow(), follow(), follow()];
    await vi.waitFor(() => expect(three).toEqual([['resumed'], ['resumed'], ['resumed']]));
    expect(await registry.call('GET', '/changes')).toMatchObject({ status: 503, body: { code: 'TOO_MANY_STREAMS' } });
    await Promise.all(ends.splice(0).map((end) => end()));
    const late = follow();
    await vi.waitFor(() => expect(late).toContain('resumed'), 5_000);
  });

  it('hears no payload that is no id: a channel is the whole database’s', async () => {
    const told = follow();
    await vi.waitFor(() => expect(told).toEqual(['resumed']));
    for (const payload of ['', '../admin', 'Acme', 'x'.repeat(7_000), 'a\nevent: changed']) {
      await registry.database.query(`SELECT pg_notify('nestjs_tenancy_changes', $1)`, [payload]);
    }
    await registry.database.query(`SELECT pg_notify('nestjs_tenancy_changes', 'last')`);
    await vi.waitFor(() => expect(told).toEqual(['resumed', 'last']));
  });
});
