export const QUIET_ADDRESS = '198.51.100.3';
/** Another tenant, from several addresses: one of them is the quiet tenant's, as behind one gateway of many offices. */
const ACME = {
  headers: { authorization: 'token-of-acme', 'x-tenant-id': 'acme' },
  addresses: ['198.51.100.1', QUIET_ADDRESS, '198.51.100.4', '203.0.113.1'],
};
/** Nobody, in the name of the quiet tenant, from another address. */
const NOBODY = { headers: { 'x-tenant-id': 'globex' }, addresses: ['198.51.100.2'] };

const unlimited = { limits: 'none', authentication: 'middleware' };
const limited = { limits: 'tenant', authentication: 'middleware' };
const byGuard = { ...limited, authentication: 'guard' };

/** What is tried. `holds` are the promises: the others show what it is like without them. */
export const scenes = [
  { name: 'alone', service: unlimited, holds: false },
  { name: 'another tenant floods, no limits', service: unlimited, flood: ACME, holds: false },
  { name: 'another tenant floods', service: limited, flood: ACME, holds: true },
  { name: 'another tenant floods, Fastify', service: { ...limited, adapter: 'fastify' }, flood: ACME, holds: true },
  { name: 'another tenant floods, a guard authenticates', service: byGuard, flood: ACME, holds: true },
  {
    name: 'nobody floods in its name, counted as claimed',
    service: { limits: 'claimed', authentication: 'guard' },
    flood: NOBODY,
    holds: false,
    hasToRefuse: true,
    isUsedUpFirst: true,
  },
  { name: 'nobody floods in its name', service: limited, flood: NOBODY, holds: true },
  { name: 'nobody floods in its name, a guard authenticates', service: byGuard, flood: NOBODY, holds: true },
  { name: 'the same, Fastify', service: { ...byGuard, adapter: 'fastify' }, flood: NOBODY, holds: true },
];
