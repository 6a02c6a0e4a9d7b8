import { describe, expect, it } from 'vitest';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantBindings } from '../binding/tenant-binding.js';
import type { ConnectionRequest } from './waiting-line.js';
import { WaitingLine } from './waiting-line.js';

const bindings = new TenantBindings();
const of = (id: string): ConnectionRequest => ({
  binding: bindings.of({ tenant: defineTenant({ id, schema: `t_${id}` }) }),
  serve: () => undefined,
  refuse: () => undefined,
});
const ids = (requests: Array<ConnectionRequest | undefined>) => requests.map((one) => one?.binding.tenantId);
const anybody = () => 1;
const only = (id: string) => (schema: string) => (schema === `t_${id}` ? 1 : 0);
const rather = (id: string) => (schema: string) => (schema === `t_${id}` ? 2 : 1);

function lineOf(...requests: string[]): WaitingLine {
  const line = new WaitingLine(2);
  for (const id of requests) line.add(of(id));
  return line;
}

describe('tenants that wait for a connection', () => {
  it('take turns, however many requests one of them has', () => {
    const line = lineOf('acme', 'acme', 'acme', 'globex', 'globex');
    const served = Array.from({ length: 6 }, () => line.takeFor(anybody));
    expect(ids(served)).toEqual(['acme', 'globex', 'acme', 'globex', 'acme', undefined]);
  });

  it('come before their turn where the connection suits them', () => {
    expect(ids([lineOf('acme', 'globex').takeFor(only('globex'))])).toEqual(['globex']);
  });

  it('come before others whom it suits less', () => {
    expect(ids([lineOf('acme', 'initech', 'globex').takeFor(rather('globex'))])).toEqual(['globex']);
  });

  it('are not passed over for ever by those whom it suits better', () => {
    const line = lineOf('acme', 'globex', 'globex', 'globex');
    const served = Array.from({ length: 4 }, () => line.takeFor(rather('globex')));
    expect(ids(served)).toEqual(['globex', 'globex', 'acme', 'globex']);
  });

  it('are not passed over for ever', () => {
    const line = lineOf('acme', 'globex', 'globex', 'globex');
    const served = Array.from({ length: 4 }, () => line.takeFor(only('globex')));
    expect(ids(served)).toEqual(['globex', 'globex', 'acme', 'globex']);
  });

  it('are not passed over for ever by those who did not wait', () => {
    const line = lineOf('acme');
    expect([line.passOver(), line.passOver(), line.passOver()]).toEqual([true, true, false]);
    expect(ids([line.takeFor(only('globex'))])).toEqual(['acme']);
    expect(line.passOver()).toBe(true);
  });

  it('wait on where it suits none of them', () => {
    const line = lineOf('acme');
    expect(line.takeFor(only('globex'))).toBeUndefined();
    expect(line.length).toBe(1);
  });

  it('can leave', () => {
    const line = new WaitingLine(2);
    const request = of('acme');
    line.add(request);
    line.remove(request);
    line.remove(request);
    expect([line.length, line.takeFirst()]).toEqual([0, undefined]);
  });
});
