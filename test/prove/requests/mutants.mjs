// Faulty versions of the library: edits of what was compiled. `proof` has to catch each, and `by` is the kind of violation that it
// has to find: what else is violated, perhaps by a busy machine, does not count.
import { KIND_MUTANTS } from './kind-mutants.mjs';
import { one } from './one-edit.mjs';
import { ROUTE_MUTANTS } from './route-mutants.mjs';

const RESOLUTION = 'resolution/tenant-resolution.js';
const TRUST = 'resolution/trusted-hints.js';
const IDS = 'tenants/tenant-id.js';
const HOST = 'tenants/canonical-host.js';
const REQUEST = 'resolution/tenant-request.js';
const PATH = 'resolution/resolvers/path.resolver.js';
const FILTER = 'resolution/tenancy-exception.filter.js';
const SCOPES = 'resolution/request-scopes.js';
const PROBLEM = 'resolution/problem.js';
const AGREEMENT = 'resolution/claim-agreement.interceptor.js';

const BINDS = 'asked !== claimed && isBound(lookUps.claims, request)';
const host = (name, replace, kind = MODEL) => one(kind, name, HOST, 'host.replace(PORT', replace);

const RULE = ['agreement', 'against the rule'];
const PROXIED = ['proxies', 'against the rule'];
const MODEL = ['strings', 'against the model'];
const CONTEXT = ['paths', 'handlers without the right context'];
const APART = ['refusals', 'told apart'];
const SECRETS = ['refusals', 'secrets told'];
const PLAIN = ['refusals', 'not a problem'];

export const MUTANTS = [
  ...KIND_MUTANTS,
  ...ROUTE_MUTANTS,
  one(RULE, 'the first hint wins', RESOLUTION, 'if (answers.some(([, id]) => id !== first))', 'if (false)'),
  {
    name: 'a claim does not bind',
    proof: 'agreement',
    by: 'against the rule',
    edits: [
      { file: RESOLUTION, find: BINDS, replace: 'false' },
      { file: RESOLUTION, find: 'if (!claims.some(', replace: 'if (true || !claims.some(' },
    ],
  },
  {
    name: 'who has no claim may act for anybody',
    proof: 'agreement',
    by: 'against the rule',
    edits: [
      { file: RESOLUTION, find: BINDS, replace: `claimed !== undefined && ${BINDS}` },
      { file: RESOLUTION, find: 'claimed !== tenantId', replace: 'claimed !== undefined && claimed !== tenantId' },
    ],
  },
  one(
    RULE,
    'anybody may act for any tenant',
    'resolution/resolvers/claim.resolver.js',
    'isSomebody(principal) && !(isObject',
    'false && isSomebody(principal) && !(isObject',
  ),
  one(
    RULE,
    'what is malformed is passed over',
    RESOLUTION,
    'answers.concat([[source, this.ids.parse(answer, source)]])',
    'this.ids.isValid(answer) ? answers.concat([[source, answer]]) : answers',
  ),
  one(
    RULE,
    'the id of a domain is believed as it is',
    RESOLUTION,
    'this.ids.parse(answer, source)',
    "source === 'domain' ? answer : this.ids.parse(answer, source)",
  ),
  one(
    RULE,
    'the last resolver is not asked',
    RESOLUTION,
    '.filter((resolver) => !isClaim(resolver))',
    '.filter((resolver) => !isClaim(resolver)).slice(0, -1)',
  ),
  one(RULE, 'a claim goes before a hint', RESOLUTION, 'asked ?? claimed', 'claimed ?? asked'),
  one(
    RULE,
    'a subdomain is its last label',
    'resolution/resolvers/subdomain.resolver.js',
    'host.slice(0, -this.suffix.length)',
    "host.slice(0, -this.suffix.length).split('.').at(-1)",
  ),
  one(RULE, 'a claim that a guard verifies is not compared', AGREEMENT, 'if (!tenant)', 'if (true)'),

  one(PROXIED, 'everybody is a proxy', TRUST, 'return this.proxies.includes(peerOf(request))', 'return true'),
  one(
    PROXIED,
    'X-Forwarded-For says who is a proxy',
    TRUST,
    'this.proxies.includes(peerOf(request))',
    "this.proxies.includes(request.headers['x-forwarded-for'] ?? peerOf(request))",
  ),
  one(PROXIED, 'a stranger’s hint is passed over', RESOLUTION, 'refuse(resolver, request);', 'return answers;'),
  one(PROXIED, 'a stranger’s hint counts', TRUST, '!this.resolvers.includes(resolver) ||', 'true ||'),
  one(PROXIED, 'a stranger’s forwarded host counts', TRUST, 'if (!this.isFromProxy(request))', 'if (false)'),
  one(
    PROXIED,
    'the first of several forwarded hosts counts',
    TRUST,
    'headerOf(request, FORWARDED_HOST)',
    "headerOf(request, FORWARDED_HOST)?.split(',')[0]",
  ),
  one(PROXIED, 'a forwarded host is not read', TRUST, 'this.forwardedHost ? headerOf', 'false ? headerOf'),
  one(
    PROXIED,
    'the trusted hints are not asked',
    RESOLUTION,
    '[...this.resolvers, ...this.trust.resolvers]',
    '[...this.resolvers]',
  ),
  one(
    ['proxies', 'looked up for a stranger'],
    'a stranger’s domain is looked up',
    RESOLUTION,
    ': deaf(',
    ': (() => lookUps)(',
  ),
  one(
    ['proxies', 'not told what it depends on'],
    'an answer does not say that it depends on the forwarded host',
    TRUST,
    'this.forwardedHost ? [FORWARDED_HOST]',
    'false ? [FORWARDED_HOST]',
  ),

  one(MODEL, 'an id has capitals', IDS, "pattern.flags.replace(/[gmy]/g, '')", "'i'"),
  one(MODEL, 'an id is the beginning of a line', IDS, "pattern.flags.replace(/[gmy]/g, '')", "'m'"),
  one(
    MODEL,
    'an id is trimmed',
    IDS,
    'if (this.isValid(value))',
    'value = String(value).trim(); if (this.isValid(value))',
  ),
  one(MODEL, 'an id has any length', IDS, '{0,61}', '*'),
  one(MODEL, 'an id may end in a hyphen', IDS, '[a-z0-9_-]{0,61}[a-z0-9])?$/;', '[a-z0-9_-]{0,62})?$/;'),
  one(MODEL, 'a host keeps its capitals', HOST, 'name.toLowerCase()', 'name'),
  one(MODEL, 'a host keeps its port', HOST, ".replace(PORT, '')", ''),
  one(MODEL, 'a host keeps the dot at its end', HOST, ".replace(/\\.$/, '')", ''),
  one(MODEL, 'a label of a host has any length', HOST, '{0,61}', '*'),
  one(MODEL, 'an address is a host', HOST, '? undefined : name', '? name : name'),
  host('a host is lower-cased before it is looked at', 'host.toLowerCase().replace(PORT'),
  host('the first of several hosts counts', "host.split(',')[0].replace(PORT"),
  host('what is before an @ is left out', "host.split('@').at(-1).replace(PORT"),
  host('escapes in a host are read', 'unescape(host).replace(PORT'),
  host('other letters are read as ASCII ones', "host.normalize('NFKC').replace(PORT"),
  one(
    MODEL,
    'what is no host is passed over',
    'resolution/named-host.js',
    'if (host !== undefined || isAddress(sent))',
    'if (true)',
  ),
  one(MODEL, 'the first of two headers counts', REQUEST, 'if (times > 1)', 'if (false)'),
  one(
    ['strings', 'served as another'],
    'the request line may name another host',
    REQUEST,
    'if (sent === undefined || !other || isSameHost(sent, other))',
    'if (true)',
  ),
  one(
    MODEL,
    'the first of two parameters counts',
    'resolution/resolvers/query.resolver.js',
    'if (given.length > 1 || first[0] !== this.name)',
    'if (false)',
  ),
  one(MODEL, 'a path is not unescaped', PATH, 'return decodeURIComponent(segment)', 'return segment'),
  one(
    MODEL,
    'a path is unescaped twice',
    PATH,
    'return decodeURIComponent(segment)',
    'return decodeURIComponent(decodeURIComponent(segment))',
  ),
  one(MODEL, 'a query is part of the path', REQUEST, 'target.search(/[?#]/)', 'target.search(/#/)'),

  one(CONTEXT, 'a refusal is forgotten', SCOPES, 'if (scope.refusal)', 'if (false)'),
  one(CONTEXT, 'a route that belongs to nobody has a tenant', SCOPES, 'delete scope.tenant;', ''),
  one(
    CONTEXT,
    'a path is read with its capitals',
    PATH,
    'segment.toLowerCase() !== expected',
    'segment !== expected.replace("tenantid", "tenantId")',
  ),
  one(
    CONTEXT,
    'only the id is unescaped',
    PATH,
    'this.decode(sent[index])',
    'expected === PLACE ? this.decode(sent[index]) : sent[index]',
  ),
  one(CONTEXT, 'the host in a request line is part of the path', REQUEST, "target.replace(AUTHORITY, '')", 'target'),

  one(APART, 'a suspended tenant is another failure', PROBLEM, 'error instanceof TenantSuspendedError ||', ''),
  one(SECRETS, 'a refusal says why', PROBLEM, "'There is no such tenant, or you may not use it.'", 'error.message'),
  one(SECRETS, 'a failure says why', PROBLEM, "'The tenant cannot be looked up now. Try again.'", 'error.message'),
  one(
    SECRETS,
    'a conflict says who',
    PROBLEM,
    'error.answers.map(([source]) => source)',
    'error.answers.map(([, id]) => id)',
  ),
  one(SECRETS, 'a value is repeated', PROBLEM, '`What names the tenant', '`${error.value}'),
  one(SECRETS, 'a pattern is told', PROBLEM, "typeof error.rule === 'string' ?", 'error.rule ?'),
  one(APART, 'a domain that is nobody’s is told apart', RESOLUTION, 'if (unknownDomain !== undefined)', 'if (false)'),
  one(APART, 'a claim is compared after the look-up', RESOLUTION, BINDS, 'false'),
  one(APART, 'a forbidden tenant’s quota is told', FILTER, "body.code === 'TENANT_NOT_FOUND'", 'false'),
  one(PLAIN, 'a problem is plain JSON', FILTER, "'application/problem+json", "'application/json"),

  // What the faults above do not show: that these kinds of violation are found at all.
  one(
    ['proxies', 'without a code'],
    'a refusal has no code',
    FILTER,
    'JSON.stringify(body)',
    'JSON.stringify({ ...body, code: undefined })',
  ),
  host('a host loses its hyphens', "host.replaceAll('-', '').replace(PORT", ['strings', 'collisions']),
  one(
    ['strings', 'collisions'],
    'an id in a request is cut off',
    RESOLUTION,
    'answers.concat([[source, this.ids.parse(answer, source)]])',
    'answers.concat([[source, this.ids.parse(answer, source).slice(0, 20)]])',
  ),
  {
    name: 'Fastify takes the first of two headers',
    proof: 'strings',
    by: 'disagreements',
    // Of the two only Express puts the application on the request.
    edits: [
      { file: REQUEST, find: 'if (times > 1)', replace: 'if (times > 1 && request.app !== undefined)' },
      {
        file: REQUEST,
        find: 'const value = request.headers[lower];',
        replace:
          "const value = request.app === undefined ? request.headers[lower]?.split(', ')[0] : request.headers[lower];",
      },
    ],
  },
  one(
    ['strings', 'without an answer'],
    'who is refused waits for ever',
    SCOPES,
    'return this.refused(error);',
    'return new Promise(() => undefined);',
  ),
  one(
    ['refusals', 'crashes'],
    'a look-up that fails is nobody’s',
    RESOLUTION,
    'return isThenable(found) ? found.then((later) => this.required(later, route))',
    'return isThenable(found) ? (found.then(() => undefined), found.then((later) => this.required(later, route)))',
  ),
];
