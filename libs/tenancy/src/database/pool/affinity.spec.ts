import { describe, expect, it } from 'vitest';
import { Affinity } from './affinity.js';
import { PooledConnection } from './pooled-connection.js';

const connection = (slot: number, ...schemas: string[]): PooledConnection => {
  const made = new PooledConnection({ statementCount: 0 } as never, slot);
  for (const schema of schemas) made.useFor(schema);
  return made;
};
/** One that has served so many that it takes no new one lightly. */
const settled = (slot: number, ...schemas: string[]): PooledConnection =>
  connection(slot, ...Array.from({ length: 300 }, (_, n) => `t_other_${n}`), ...schemas);
/** Those of ten that are no home of a schema. */
const strangers = (schema: string): PooledConnection[] =>
  Array.from({ length: 10 }, (_, slot) => settled(slot)).filter(
    ({ slot }) => slot !== new Affinity(10, true).slotFor(schema, new Set()),
  );
const schemas = Array.from({ length: 1_000 }, (_, n) => `t_${n}`);

describe('a tenant that asks for a connection', () => {
  const affinity = new Affinity(10, true);

  it('is given its home rather than one that has served it lately', () => {
    const home = settled(affinity.slotFor('t_acme', new Set()));
    expect(affinity.choose([settled(home.slot + 1, 't_acme'), home, connection(-1)], 't_acme')).toBe(home);
  });

  it('is given one that has served it lately rather than one that has room', () => {
    const [known] = strangers('t_acme').map(({ slot }) => settled(slot, 't_acme'));
    expect(affinity.choose([known, connection(-1)], 't_acme')).toBe(known);
  });

  it('is not given one that has served a hundred others since', () => {
    const [known] = strangers('t_acme').map(({ slot }) => settled(slot, 't_acme'));
    for (let n = 0; n < 99; n += 1) known.useFor(`t_other_${n}`);
    expect(affinity.choose([known], 't_acme')).toBe(known);
    known.useFor('t_other_99');
    expect(affinity.choose([known], 't_acme')).toBeUndefined();
  });

  it('is given one that has ever served it, where statements take long', () => {
    const far = new Affinity(10, true);
    const [known, unknown] = strangers('t_acme').map(({ slot }) => settled(slot));
    known.useFor('t_acme');
    for (let n = 0; n < 300; n += 1) known.useFor(`t_other_${n}`);
    expect(far.choose([unknown, known], 't_acme')).toBeUndefined();
    for (let n = 0; n < 100; n += 1) far.learn(3);
    expect(far.choose([unknown, known], 't_acme')).toBe(known);
    expect(far.choose([unknown], 't_acme')).toBeUndefined();
    for (let n = 0; n < 100; n += 1) far.learn(1);
    expect(far.choose([unknown, known], 't_acme')).toBeUndefined();
  });

  it('is given the one that was used last of those that have room', () => {
    const last = connection(-2);
    expect(affinity.choose([connection(-1), last], 't_acme')).toBe(last);
  });

  it('is at home on one of ten connections, and each is at home for a tenth of the tenants', () => {
    const all = Array.from({ length: 10 }, (_, slot) => settled(slot));
    const homes = all.map((one) => schemas.filter((schema) => affinity.fit(one, schema) > 0).length);
    expect(homes.reduce((sum, count) => sum + count)).toBe(schemas.length);
    for (const count of homes) expect(Math.abs(count - 100)).toBeLessThan(40);
  });

  it('is given none where those that are free would have to learn its schema', () => {
    expect(affinity.choose(strangers('t_acme'), 't_acme')).toBeUndefined();
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
    expect(affinity.fit(settled(home), 't_acme')).toBeGreaterThan(0);
    expect(affinity.slotFor('t_acme', new Set([home]))).not.toBe(home);
  });

  it('has a place in the smallest of pools', () => {
    expect(new Affinity(1, true).slotFor('t_acme', new Set())).toBe(0);
  });
});
