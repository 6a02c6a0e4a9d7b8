// Faulty versions of what the library does once a route is known: see mutants.mjs.
import { one } from './one-edit.mjs';

const RESOLUTION = 'resolution/tenant-resolution.js';
const AGREEMENT = 'resolution/claim-agreement.interceptor.js';
const SCOPES = 'resolution/request-scopes.js';
const MARKS = 'resolution/handler-tenancy.js';

const NOBODYS = 'isNobodys: belongsToNobody(handler, type)';
const HAS_NONE = '!reflector.getAllAndOverride(RESOLVE_TENANT_BY, [handler, type])';
const LATER = 'setImmediate(() => delete scope.tenant);';
const LEFT = 'const left = currentScope(); setImmediate(() => delete left?.tenant);';

const RULE = ['routes', 'against the rule'];
const SEEN = ['routes', 'seen otherwise'];
const UNTOLD = ['routes', 'not told what it depends on'];

export const ROUTE_MUTANTS = [
  one(RULE, 'what became another tenant goes on', SCOPES, 'earlier && tenant && tenant.id !== earlier.id', 'false'),
  one(RULE, 'a tenant is always required', SCOPES, 'this.required ?', 'true ?'),
  one(RULE, 'a tenant is never required', SCOPES, 'this.required ?', 'false ?'),
  one(RULE, 'no path is excluded', SCOPES, 'this.isExcluded?.(pathOf(request)) ?', 'false ?'),
  one(RULE, 'a route of nobody needs a tenant', MARKS, NOBODYS, 'isNobodys: false'),
  one(RULE, 'resolvers of its own make a route of nobody somebody’s', MARKS, NOBODYS, `${NOBODYS} && ${HAS_NONE}`),
  one(RULE, 'a route with resolvers of its own asks the others too', RESOLUTION, 'route?.instead ? []', 'false ? []'),
  one(
    RULE,
    'a claim of a route takes the place of the others',
    RESOLUTION,
    '[...this.resolvers, ...(route?.resolvers ?? [])].filter(isClaim)',
    '(route?.resolvers.some(isClaim) ? route.resolvers : this.resolvers).filter(isClaim)',
  ),
  // Only a moment late: what stands behind sees nobody, as it should.
  one(SEEN, 'a guard still sees a tenant on a route of nobody', SCOPES, 'delete scope.tenant;', LATER),
  one(SEEN, 'a filter sees no tenant any more', AGREEMENT, 'if (!tenant)', `${LEFT} if (!tenant)`),
  one(UNTOLD, 'no answer says what it depends on', 'resolution/vary-by.js', 'headers.length === 0', 'true'),
  one(
    UNTOLD,
    'an answer does not say that it depends on a header of its route',
    SCOPES,
    'return route ?',
    'return false ?',
  ),
  one(['routes', 'never reached'], 'nobody is let in to a route', SCOPES, 'if (scope.refusal)', 'if (true)'),
];
