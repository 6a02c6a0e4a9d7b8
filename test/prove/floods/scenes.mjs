const ACME = { authorization: 'token-of-acme', 'x-forwarded-for': '198.51.100.1' };
/** Nobody, in the name of the quiet tenant, from another address. */
const NOBODY = { 'x-tenant-id': 'globex', 'x-forwarded-for': '198.51.100.2' };

const limited = { limits: 'tenant', authentication: 'middleware' };

/** What is tried. `holds` are the promises: the others show what it is like without them. */
export const scenes = [
  { name: 'alone', service: { limits: 'none', authentication: 'middleware' }, holds: false },
  {
    name: 'another tenant floods, no limits',
    service: { limits: 'none', authentication: 'middleware' },
    flood: ACME,
    holds: false,
  },
  { name: 'another tenant floods', service: limited, flood: ACME, holds: true },
  { name: 'another tenant floods, Fastify', service: { ...limited, adapter: 'fastify' }, flood: ACME, holds: true },
  {
    name: 'nobody floods in its name, counted as claimed',
    service: { limits: 'claimed', authentication: 'guard' },
    flood: NOBODY,
    holds: false,
    hasToRefuse: true,
  },
  { name: 'nobody floods in its name', service: limited, flood: NOBODY, holds: true },
  {
    name: 'nobody floods in its name, a guard authenticates',
    service: { ...limited, authentication: 'guard' },
    flood: NOBODY,
    holds: true,
  },
  {
    name: 'the same, Fastify',
    service: { ...limited, authentication: 'guard', adapter: 'fastify' },
    flood: NOBODY,
    holds: true,
  },
];
