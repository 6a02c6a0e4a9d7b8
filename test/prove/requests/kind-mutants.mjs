// Faulty versions that show, each, that a kind of violation is found at all: see mutants.mjs.
import { one } from './one-edit.mjs';

const IDS = 'tenants/tenant-id.js';
const FILTER = 'resolution/tenancy-exception.filter.js';
const PROBLEM = 'resolution/problem.js';
const SCOPES = 'resolution/request-scopes.js';

export const KIND_MUTANTS = [
  one(
    ['refusals', 'not told when to come again'],
    'no answer says when to come again',
    FILTER,
    'if (retryAfter !== undefined)',
    'if (false)',
  ),
  one(
    ['refusals', 'not refused'],
    'a suspended tenant is served',
    'tenants/tenant.service.js',
    "if (tenant.status !== 'active')",
    'if (false)',
  ),
  one(['refusals', 'not a failure'], 'a failure has the status of a success', PROBLEM, 'problem(500,', 'problem(200,'),
  one(
    ['refusals', 'told apart by the adapters'],
    'Fastify has a title of its own',
    FILTER,
    'JSON.stringify(body)',
    "JSON.stringify(httpAdapter.getType() === 'fastify' ? { ...body, title: 'Refused' } : body)",
  ),
  one(
    ['strings', 'answered with a failure'],
    'a malformed id is a failure',
    IDS,
    'throw new InvalidTenantIdError(value, source, this.rule)',
    "throw new Error('No id.')",
  ),
  one(['strings', 'refused without a reason'], 'a long id is refused', IDS, '{0,61}', '{0,20}'),
  one(
    ['strings', 'never served'],
    'a query names nobody',
    'resolution/resolvers/query.resolver.js',
    'if (given.length > 1 || first[0] !== this.name)',
    'if (true)',
  ),
  one(['paths', 'never reached'], 'nobody is let in', SCOPES, 'if (scope.refusal)', 'if (true)'),
];
