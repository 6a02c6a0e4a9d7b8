import { setImmediate as turn } from 'node:timers/promises';
import type { TenantChangeListener, TenantWatch } from 'nestjs-tenancy';
import { InMemoryTenantStore } from 'nestjs-tenancy';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ACME, configured, GLOBEX } from '../../../../test/support/tenant-config.js';
import { UnusableAnswerError } from '../tenants/unusable-answer.js';

class TellingStore extends InMemoryTenantStore {
  listener: TenantChangeListener | undefined;

  watch(listener: TenantChangeListener): TenantWatch {
    this.listener = listener;
    return { close: async () => undefined };
  }
}

const schema = z.strictObject({ name: z.string().max(5).optional() });

function watched() {
  const made = configured<{ name: string }>({ schema });
  const seen: unknown[] = [];
  const subscription = made.config.changes('acme').subscribe((settings) => seen.push(settings.get('name')));
  return { ...made, seen, subscription };
}

describe('the changes of a tenant’s settings', () => {
  it('are told when they are made here, once each', async () => {
    const { config, seen } = watched();
    await config.update({ name: 'one' }, 'acme');
    await config.for('acme');
    await config.update({ name: 'two' }, 'acme');
    await config.update({ name: 'two' }, 'acme');

    expect(seen).toEqual(['one', 'two']);
  });

  it('are told when another process has made them and this one asks again', async () => {
    const { config, put, seen } = watched();
    await config.for('acme');
    await put('acme', { name: 'other' });
    expect(seen).toEqual([]);
    await config.for('acme');

    expect(seen).toEqual(['other']);
  });

  it('are told when the store tells of them, though nobody asks for the tenant', async () => {
    const store = new TellingStore([ACME, GLOBEX]);
    const { config, tenants, put } = configured<{ name: string }>({ schema }, { store });
    const watch = tenants.watch();
    await config.for('acme');
    const seen: unknown[] = [];
    const subscription = config.changes('acme').subscribe((settings) => seen.push(settings.get('name')));
    await put('acme', { name: 'other' });
    store.listener!.changed('globex');
    store.listener!.changed('acme');
    await vi.waitFor(() => expect(seen).toEqual(['other']));

    subscription.unsubscribe();
    await put('acme', { name: 'late' });
    const { calls } = tenants.metrics().store;
    store.listener!.changed('acme');
    await turn();
    expect([seen, tenants.metrics().store.calls]).toEqual([['other'], calls]);
    await watch?.close();
  });

  it('are told when the store answers again, where it did not when it told of them', async () => {
    const store = new TellingStore([ACME, GLOBEX]);
    const { config, tenants, put } = configured<{ name: string }>({ schema }, { store });
    const watch = tenants.watch();
    await config.for('acme');
    const seen: unknown[] = [];
    config.changes('acme').subscribe((settings) => seen.push(settings.get('name')));
    await put('acme', { name: 'other' });
    const findById = vi.spyOn(store, 'findById').mockRejectedValue(new UnusableAnswerError('Not now.'));
    store.listener!.changed('acme');
    await vi.waitFor(() => expect(findById).toHaveBeenCalledOnce());
    findById.mockRestore();
    await config.for('acme');

    expect(seen).toEqual(['other']);
    await watch?.close();
  });

  it('are one tenant’s, and of its settings', async () => {
    const { config, store, seen } = watched();
    await config.for('acme');
    await config.update({ name: 'other' }, 'globex');
    store.save({ ...(await store.findById('acme'))!, plan: 'gold' });
    await config.for('acme');

    expect(seen).toEqual([]);
  });

  it('end for who does not listen any more', async () => {
    const { config, seen, subscription } = watched();
    await config.for('acme');
    subscription.unsubscribe();
    await config.update({ name: 'late' }, 'acme');

    expect(seen).toEqual([]);
  });

  it('are heard in the listener’s context, not in that of the request that brought them', async () => {
    const { config, context, put } = configured<{ name: string }>({ schema });
    const heardAs: unknown[] = [];
    await context.run('globex', () => config.changes('acme').subscribe(() => heardAs.push(context.tenantId)));
    config.changes('acme').subscribe(() => heardAs.push(context.tenantId));
    await context.run('acme', () => undefined);
    await put('acme', { name: 'other' });
    await context.run('acme', () => undefined);

    expect(heardAs).toEqual(['globex', undefined]);
  });

  it('are told when they are not valid, and cannot be read then', async () => {
    const { config, put } = configured<{ name: string }>({ schema });
    const reads: Array<() => unknown> = [];
    config.changes('acme').subscribe((settings) => reads.push(() => settings.get('name')));
    await config.for('acme');
    await put('acme', { name: 'too long' });
    await config.for('acme');
    await config.update({ name: 'good' }, 'acme');

    expect(reads).toHaveLength(2);
    expect(reads[0]).toThrow('are not valid');
    expect(reads[1]()).toBe('good');
  });
});
