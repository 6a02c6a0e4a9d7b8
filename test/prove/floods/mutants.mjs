// Faulty versions of the library: edits of what was compiled. `scene` has to catch each, and `by` is how what it says begins:
// what else is violated, perhaps by a busy machine, does not count.
const GUARD = 'limits/tenant-throttler.guard.js';
const DOOR = 'limits/address-limits.js';
const ADMITTED = 'limits/admitted-requests.js';

const TENANTS_KEY = '`tenant:${encodeURIComponent(tenantId)}`';
const MORE = 'the flood had more than its';
const REFUSED = 'the quiet tenant was refused';
const one = (name, scene, by, file, find, replace) => ({ name, scene, by, edits: [{ file, find, replace }] });

export const MUTANTS = [
  one('no limit at all', 'another tenant floods', MORE, GUARD, 'if (!record.isBlocked)', 'if (true)'),
  one(
    'each address of a tenant has a quota',
    'another tenant floods',
    MORE,
    GUARD,
    TENANTS_KEY,
    '`tenant:${encodeURIComponent(tenantId)}:${req.ip}`',
  ),
  one('all tenants have one quota', 'another tenant floods, Fastify', REFUSED, GUARD, TENANTS_KEY, "'tenant:any'"),
  one(
    'what a tenant asks counts for its address too',
    'another tenant floods, Fastify',
    REFUSED,
    ADMITTED,
    "'raw' in request",
    'false',
  ),
  one(
    'what only a guard authenticates is not counted',
    'another tenant floods, a guard authenticates',
    MORE,
    GUARD,
    'if (isProven || !this.claims.areAsked)',
    'if (false)',
  ),
  one(
    'who claims to be a tenant counts for it',
    'nobody floods in its name, a guard authenticates',
    REFUSED,
    GUARD,
    'const counts = isProven ||',
    'const counts = tenant !== undefined ||',
  ),
  one(
    'an address is never refused',
    'nobody floods in its name',
    'the flood was not refused',
    DOOR,
    'if (rest > 0)',
    'if (false)',
  ),
];
