// Faulty versions of the library, each with the proof that has to catch it: edits of what was compiled.
const RESOLUTION = 'resolution/tenant-resolution.js';
const TRUST = 'resolution/trusted-hints.js';
const IDS = 'tenants/tenant-id.js';
const HOST = 'resolution/canonical-host.js';
const REQUEST = 'resolution/tenant-request.js';
const PATH = 'resolution/resolvers/path.resolver.js';
const GUARD = 'resolution/tenant.guard.js';
const FILTER = 'resolution/tenancy-exception.filter.js';
const SCOPES = 'resolution/request-scopes.js';
const PROBLEM = 'resolution/problem.js';

const BINDS = 'asked !== claimed && isBound(claims, request)';
const host = (name, replace) => ({ name, by: 'strings', edits: [{ file: HOST, find: 'host.replace(PORT', replace }] });
const one = (by, name, file, find, replace) => ({ name, by, edits: [{ file, find, replace }] });

export const MUTANTS = [
  one('agreement', 'the first hint wins', RESOLUTION, 'if (answers.some(([, id]) => id !== first))', 'if (false)'),
  {
    name: 'a claim does not bind',
    by: 'agreement',
    edits: [
      { file: RESOLUTION, find: BINDS, replace: 'false' },
      { file: RESOLUTION, find: 'if (!claims.some(', replace: 'if (true || !claims.some(' },
    ],
  },
  {
    name: 'who has no claim may act for anybody',
    by: 'agreement',
    edits: [
      { file: RESOLUTION, find: BINDS, replace: `claimed !== undefined && ${BINDS}` },
      { file: RESOLUTION, find: 'claimed !== tenantId', replace: 'claimed !== undefined && claimed !== tenantId' },
    ],
  },
  one(
    'agreement',
    'anybody may act for any tenant',
    'resolution/resolvers/claim.resolver.js',
    'isSomebody(principal) && !(isObject',
    'false && isSomebody(principal) && !(isObject',
  ),
  one(
    'agreement',
    'what is malformed is passed over',
    RESOLUTION,
    '[...answers, [source, this.ids.parse(answer, source)]]',
    'this.ids.isValid(answer) ? [...answers, [source, answer]] : answers',
  ),
  one(
    'agreement',
    'the id of a domain is believed as it is',
    RESOLUTION,
    'this.ids.parse(answer, source)',
    "source === 'domain' ? answer : this.ids.parse(answer, source)",
  ),
  one(
    'agreement',
    'the last resolver is not asked',
    RESOLUTION,
    '.filter((resolver) => !isClaim(resolver))',
    '.filter((resolver) => !isClaim(resolver)).slice(0, -1)',
  ),
  one('agreement', 'a claim goes before a hint', RESOLUTION, 'asked ?? claimed', 'claimed ?? asked'),
  one(
    'agreement',
    'a subdomain is its last label',
    'resolution/resolvers/subdomain.resolver.js',
    'host.slice(0, -this.suffix.length)',
    "host.slice(0, -this.suffix.length).split('.').at(-1)",
  ),

  one('proxies', 'everybody is a proxy', TRUST, 'return this.proxies.includes(peerOf(request))', 'return true'),
  one(
    'proxies',
    'X-Forwarded-For says who is a proxy',
    TRUST,
    'this.proxies.includes(peerOf(request))',
    "this.proxies.includes(request.headers['x-forwarded-for'] ?? peerOf(request))",
  ),
  one('proxies', 'a stranger’s hint is passed over', RESOLUTION, 'refuse(resolver, request);', 'return answers;'),
  one('proxies', 'a stranger’s hint counts', TRUST, '!this.resolvers.includes(resolver) ||', 'true ||'),
  one('proxies', 'a stranger’s forwarded host counts', TRUST, 'if (!this.isFromProxy(request))', 'if (false)'),
  one(
    'proxies',
    'the first of several forwarded hosts counts',
    TRUST,
    'headerOf(request, FORWARDED_HOST)',
    "headerOf(request, FORWARDED_HOST)?.split(',')[0]",
  ),
  one('proxies', 'a forwarded host is not read', TRUST, 'this.forwardedHost ? headerOf', 'false ? headerOf'),
  one(
    'proxies',
    'the trusted hints are not asked',
    RESOLUTION,
    '[...this.resolvers, ...this.trust.resolvers]',
    '[...this.resolvers]',
  ),

  one('strings', 'an id has capitals', IDS, "pattern.flags.replace(/[gmy]/g, '')", "'i'"),
  one('strings', 'an id is the beginning of a line', IDS, "pattern.flags.replace(/[gmy]/g, '')", "'m'"),
  one(
    'strings',
    'an id is trimmed',
    IDS,
    'if (this.isValid(value))',
    'value = String(value).trim(); if (this.isValid(value))',
  ),
  one('strings', 'an id has any length', IDS, '{0,61}', '*'),
  one('strings', 'an id may end in a hyphen', IDS, '[a-z0-9_-]{0,61}[a-z0-9])?$/;', '[a-z0-9_-]{0,62})?$/;'),
  one('strings', 'a host keeps its capitals', HOST, 'name.toLowerCase()', 'name'),
  one('strings', 'a host keeps its port', HOST, ".replace(PORT, '')", ''),
  one('strings', 'a host keeps the dot at its end', HOST, ".replace(/\\.$/, '')", ''),
  one('strings', 'a label of a host has any length', HOST, '{0,61}', '*'),
  one('strings', 'an address is a host', HOST, '? undefined : name', '? name : name'),
  host('a host is lower-cased before it is looked at', 'host.toLowerCase().replace(PORT'),
  host('the first of several hosts counts', "host.split(',')[0].replace(PORT"),
  host('what is before an @ is left out', "host.split('@').at(-1).replace(PORT"),
  host('escapes in a host are read', 'unescape(host).replace(PORT'),
  host('other letters are read as ASCII ones', "host.normalize('NFKC').replace(PORT"),
  one(
    'strings',
    'what is no host is passed over',
    'resolution/named-host.js',
    'if (host !== undefined || isAddress(sent))',
    'if (true)',
  ),
  one('strings', 'the first of two headers counts', REQUEST, 'if (times > 1)', 'if (false)'),
  one(
    'strings',
    'the request line may name another host',
    REQUEST,
    'if (sent === undefined || !other || isSameHost(sent, other))',
    'if (true)',
  ),
  one(
    'strings',
    'the first of two parameters counts',
    'resolution/resolvers/query.resolver.js',
    'if (given.length > 1 || first[0] !== this.name)',
    'if (false)',
  ),
  one('strings', 'a path is not unescaped', PATH, 'return decodeURIComponent(segment)', 'return segment'),
  one(
    'strings',
    'a path is unescaped twice',
    PATH,
    'return decodeURIComponent(segment)',
    'return decodeURIComponent(decodeURIComponent(segment))',
  ),
  one('strings', 'a query is part of the path', REQUEST, 'target.search(/[?#]/)', 'target.search(/#/)'),

  one('paths', 'a refusal is forgotten', SCOPES, 'if (scope.refusal)', 'if (false)'),
  one('paths', 'a route that belongs to nobody has a tenant', GUARD, 'delete scope.tenant;', ''),
  one(
    'paths',
    'a path is read with its capitals',
    PATH,
    'segment.toLowerCase() !== expected',
    'segment !== expected.replace("tenantid", "tenantId")',
  ),
  one(
    'paths',
    'only the id is unescaped',
    PATH,
    'this.decode(sent[index])',
    'expected === PLACE ? this.decode(sent[index]) : sent[index]',
  ),
  one('paths', 'the host in a request line is part of the path', REQUEST, "target.replace(AUTHORITY, '')", 'target'),

  one('refusals', 'a suspended tenant is another failure', PROBLEM, 'error instanceof TenantSuspendedError ||', ''),
  one('refusals', 'a refusal says why', PROBLEM, "'There is no such tenant, or you may not use it.'", 'error.message'),
  one('refusals', 'a failure says why', PROBLEM, "'The tenant cannot be looked up now. Try again.'", 'error.message'),
  one(
    'refusals',
    'a conflict says who',
    PROBLEM,
    'error.answers.map(([source]) => source)',
    'error.answers.map(([, id]) => id)',
  ),
  one('refusals', 'a value is repeated', PROBLEM, '`What names the tenant', '`${error.value}'),
  one('refusals', 'a pattern is told', PROBLEM, "typeof error.rule === 'string' ?", 'error.rule ?'),
  one(
    'refusals',
    'a domain that is nobody’s is told apart',
    RESOLUTION,
    'if (unknownDomain !== undefined)',
    'if (false)',
  ),
  one('refusals', 'a claim is compared after the look-up', RESOLUTION, BINDS, 'false'),
  one('refusals', 'a forbidden tenant’s quota is told', FILTER, "body.code === 'TENANT_NOT_FOUND'", 'false'),
  one('refusals', 'a problem is plain JSON', FILTER, "'application/problem+json", "'application/json"),
];
