import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configured } from '../../../../test/support/tenant-config.js';

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
