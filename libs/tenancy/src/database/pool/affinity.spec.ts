import { describe, expect, it } from 'vitest';
import { Affinity } from './affinity.js';
import { PooledConnection } from './pooled-connection.js';

const connection = (slot: number, ...schemas: string[]): PooledConnection => {
  const made = new PooledConnection(undefined as never, slot);
  for (const schema of schemas) made.useFor(schema);
  return made;
};
/** One that has served so many that it takes no new one lightly. */
const settled = (slot: number, ...schemas: string[]): PooledConnection =>
  connection(slot, ...Array.from({ length: 300 }, (_, n) => `t_other_${n}`), ...schemas);
const schemas = Array.from({ length: 1_000 }, (_, n) => `t_${n}`);

describe('a tenant that asks for a connection', () => {
  const affinity = new Affinity(10, true);

  it('is given one that has served it lately, be it its home or not', () => {
    const known = settled(3, 't_acme');
    expect(affinity.choose([settled(1), known, connection(2)], 't_acme')).toBe(known);
  });

  it('is not given one that has served a hundred others since', () => {
    const strangers = Array.from({ length: 10 }, (_, slot) => settled(slot, 't_acme')).filter(
      (one) => !affinity.suits(settled(one.slot), 't_acme'),
    );
    for (let n = 0; n < 99; n += 1) strangers[0].useFor(`t_other_${n}`);
    expect(affinity.choose(strangers.slice(0, 1), 't_acme')).toBe(strangers[0]);
    strangers[0].useFor('t_other_99');
    expect(affinity.choose(strangers.slice(0, 1), 't_acme')).toBeUndefined();
  });

  it('is given the one that was used last where that has room', () => {
    const last = connection(2);
    expect(affinity.choose([connection(1), last], 't_acme')).toBe(last);
  });

  it('is at home on two of ten connections, and each is at home for a fifth of the tenants', () => {
    const all = Array.from({ length: 10 }, (_, slot) => settled(slot));
    const homes = all.map((one) => schemas.filter((schema) => affinity.suits(one, schema)).length);
    expect(homes.reduce((sum, count) => sum + count)).toBe(2 * schemas.length);
    for (const count of homes) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('is given none where those that are free would have to learn its schema', () => {
    const strange = Array.from({ length: 10 }, (_, slot) => settled(slot)).filter(
      (one) => !affinity.suits(one, 't_acme'),
    );
    expect(affinity.choose(strange, 't_acme')).toBeUndefined();
  });

  it('is given any where affinity is off', () => {
    const last = settled(2);
    expect(new Affinity(10, false).choose([settled(1), last], 't_acme')).toBe(last);
  });
});

describe('a connection that is opened for a tenant', () => {
  it('has its place at the tenant’s home where that is free, and any place otherwise', () => {
    const affinity = new Affinity(10, true);
    const home = affinity.slotFor('t_acme', new Set());
    expect(affinity.suits(settled(home), 't_acme')).toBe(true);
    const second = affinity.slotFor('t_acme', new Set([home]));
    expect(affinity.suits(settled(second), 't_acme')).toBe(true);
    expect([home, second]).not.toContain(affinity.slotFor('t_acme', new Set([home, second])));
  });

  it('has a place in the smallest of pools', () => {
    expect(new Affinity(1, true).slotFor('t_acme', new Set())).toBe(0);
  });
});
