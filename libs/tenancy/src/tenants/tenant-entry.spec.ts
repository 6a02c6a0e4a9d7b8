import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantCacheOptions } from './tenant-cache-options.js';
import { entryOf } from './tenant-entry.js';
import { defineTenant } from './tenant.js';

const options = { ...new TenantCacheOptions(), ttl: 1_000, refreshAt: 0.5, negativeTtl: 200 };
const loadedAt = 7_000;
const acme = defineTenant({ id: 'acme', schema: 't_acme' });

afterEach(() => void vi.restoreAllMocks());

describe('a tenant that was looked up', () => {
  it.each([
    [0, 500],
    [0.5, 625],
    [1 - Number.EPSILON, 750],
  ])('is looked up again, where chance is %d, after %d ms: not all tenants at once', (chance, after) => {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    const entry = entryOf({ tenant: acme, loadedAt }, options);

    expect(entry.refreshAt - loadedAt).toBeCloseTo(after);
    expect(entry.dueAt - loadedAt).toBe(1_000);
  });

  it('is not refreshed where it is not active: as if nobody were there', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const suspended = defineTenant({ ...acme, status: 'suspended' });
    const entry = entryOf({ tenant: suspended, loadedAt }, options);

    expect(entry).toMatchObject({ dueAt: loadedAt + 200, refreshAt: loadedAt + 200 });
  });
});
