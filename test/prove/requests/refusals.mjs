import { Get } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { believeCaller, onBoth } from './adapters.mjs';
import { controller, injecting, moduleOf } from './declare.mjs';
import { requestBytes } from './raw-connection.mjs';

/** As the registry has them, and what the application refuses: to a stranger they are one. */
const NOBODIES = {
  unknown: { id: 'nowhere' },
  suspended: { id: 'dormant' },
  archived: { id: 'bygone' },
  'being made': { id: 'halfway' },
  forbidden: { id: 'private' },
};
const HOST = 'Host: 127.0.0.1';
const PLATFORM = `X-Caller: ${JSON.stringify({ role: 'platform' })}`;
const WAYS = {
  header: (id) => requestBytes('/who', [HOST, `X-Tenant-ID: ${id}`]),
  query: (id) => requestBytes(`/who?tenant_id=${id}`, [HOST]),
  path: (id) => requestBytes(`/tenants/${id}/who`, [HOST]),
  subdomain: (id) => requestBytes('/who', [`Host: ${id}.example.test`]),
  domain: (id) => requestBytes('/who', [`Host: mail.${id}.test`]),
  'a domain in capitals': (id) => requestBytes('/who', [`Host: MAIL.${id}.TEST:443`]),
  'a route of its own': (id) => requestBytes(`/hooks/${id}`, [HOST]),
  'all of them': (id) =>
    requestBytes(`/tenants/${id}/who?tenant_id=${id}`, [`Host: ${id}.example.test`, `X-Tenant-ID: ${id}`]),
  'the platform’s header': (id) => requestBytes('/who', [HOST, PLATFORM, `X-Tenant-ID: ${id}`]),
  claim: (id) => requestBytes('/who', [HOST, `X-Caller: ${JSON.stringify({ tenant: id })}`]),
  'another’s claim': (id) =>
    requestBytes('/who', [HOST, `X-Caller: ${JSON.stringify({ tenant: 'acme' })}`, `X-Tenant-ID: ${id}`]),
};
/** What goes wrong inside, of which nobody outside is told. */
const FAILURES = {
  'a statement cut off': (library) =>
    new QueryFailedError('SELECT secret FROM t_acme.messages', [], new library.StatementTimeoutError('acme', 500)),
  'a failed statement': () =>
    new QueryFailedError('SELECT secret FROM t_acme.messages', ['acme'], new Error('no table t_acme')),
  'a store that is away': (library) =>
    new library.TenantServiceUnavailableError('connect ECONNREFUSED 10.0.0.7 /home/app'),
  'a quota that is used up': (library) => new library.TenantQuotaExceededError('acme', 'requests in 60 s', 500, 7),
  'a tenant that is moved': (library) => new library.TenantReadOnlyError('acme'),
  'a malformed id of the registry': (library) => new library.InvalidTenantIdError('private', 'domain', /acme|globex/),
  'a conflict': (library) =>
    new library.TenantConflictError([
      ['header', 'acme'],
      ['domain', 'globex'],
    ]),
  'a mismatch of the claim': (library) => new library.TenantClaimMismatchError('acme', 'globex'),
  'no tenant': (library) => new library.TenantContextMissingError(),
  'a mismatch': (library) => new library.TenantMismatchError('tenant acme (t_acme)', 'tenant globex'),
  'a violation': (library) => new library.IsolationViolationError('"t_acme", pg_temp', '"t_globex"'),
  'a schema that is gone': (library) => new library.TenantSchemaError('t_acme', 'The schema t_acme is gone.'),
  'a server that is not there': (library) => new library.TenantDatabaseUnknownError(['default'], 'eu', 'acme'),
};
const SECRETS =
  /nowhere|dormant|bygone|halfway|private|acme|globex|\bt_[a-z]|secret|select|suspended|archived|provisioning|econn|10\.0|\/home|\.js|node_modules/i;

/** What a stranger is told, byte by byte, and that it tells nothing. */
export async function proveRefusals(library, findings, { progress }) {
  await onBoth(
    () => refusingModule(library),
    believeCaller,
    async (apps) => {
      for (const [way, bytesFor] of Object.entries(WAYS)) {
        progress(way);
        const bodies = new Set();
        for (const { adapter, send } of apps) {
          const answers = new Map();
          for (const [what, { id }] of Object.entries(NOBODIES)) {
            const { status, head, body } = await send(bytesFor(id));
            findings.count('refusals');
            answers.set(what, `${head}\n${body}`);
            bodies.add(`${status} ${body}`);
            const said = `${adapter}, ${way}, ${what}: ${status} ${body}`;
            if (status < 400 || status >= 500) findings.violation('not refused', said);
            check(findings, said, head, body);
          }
          const [[, first]] = answers;
          for (const [what, answer] of answers) {
            if (answer !== first)
              findings.violation('told apart', `${adapter}, ${way}: ${what}\n${answer}\nunknown\n${first}`);
          }
        }
        if (bodies.size !== 1) findings.violation('told apart by the adapters', `${way}: ${[...bodies].join(' | ')}`);
      }
      for (const [what, make] of Object.entries(FAILURES)) {
        const bodies = new Set();
        for (const { adapter, app, send } of apps) {
          app.get(NextError).make = () => make(library);
          const { status, head, body } = await send(requestBytes('/failing', [HOST, 'X-Tenant-ID: acme']));
          findings.count('failures');
          bodies.add(`${status} ${body}`);
          const said = `${adapter}, ${what}: ${status} ${body}`;
          if (status < 400) findings.violation('not a failure', said);
          if (SECRETS.test(body)) findings.violation('secrets told', said);
          // What passes says when: without that everybody comes again at once.
          const isPassing = status === 429 || status === 503;
          if (isPassing !== /^retry-after: [1-9]\d*$/im.test(head))
            findings.violation('not told when to come again', said);
          // A failure of the application’s own is answered by Nest, or by the application.
          if (what !== 'a failed statement') check(findings, said, head, body);
        }
        if (bodies.size !== 1) findings.violation('told apart by the adapters', `${what}: ${[...bodies].join(' | ')}`);
      }
    },
  );
}

function check(findings, said, head, body) {
  if (!/^content-type: application\/problem\+json; charset=utf-8$/im.test(head))
    findings.violation('not a problem', said);
  const { type, title, status, code, detail, ...rest } = JSON.parse(body);
  const isWhole = [type, title, code, detail].every((part) => typeof part === 'string') && typeof status === 'number';
  if (!isWhole || Object.keys(rest).length > 0) findings.violation('not a problem', said);
  if (SECRETS.test(body)) findings.violation('secrets told', said);
}

class NextError {
  make = () => undefined;
}

function refusingModule(library) {
  const { PathTenantResolver, ResolveTenantBy, TenantContext, TenantForbiddenError } = library;
  class RefusingController {
    constructor(context, next) {
      this.context = context;
      this.next = next;
    }
    who() {
      // What an application's own rules do.
      if (this.context.tenantId === 'private')
        throw new TenantForbiddenError('private', 'Not in the contract of private.');
      return { id: this.context.tenantId };
    }
    hook() {
      return this.who();
    }
    failing() {
      throw this.next.make();
    }
  }
  const routes = {
    who: [Get(['who', 'tenants/:tenantId/who'])],
    hook: [Get('hooks/:tenantId'), ResolveTenantBy(new PathTenantResolver('/hooks/:tenantId'))],
    failing: [Get('failing')],
  };
  controller('', RefusingController, routes, injecting(TenantContext, NextError));
  const tenant = (id, status) => ({ id, status, schema: `t_${id}`, domains: [`mail.${id}.test`] });
  const store = new library.InMemoryTenantStore([
    tenant('acme', 'active'),
    tenant('private', 'active'),
    tenant('dormant', 'suspended'),
    tenant('bygone', 'archived'),
    tenant('halfway', 'provisioning'),
  ]);
  const resolvers = [
    new library.HeaderTenantResolver(),
    new library.QueryTenantResolver(),
    new library.PathTenantResolver(),
    new library.SubdomainTenantResolver('example.test'),
    new library.DomainTenantResolver({ ignore: ['*.example.test'] }),
    new library.ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' }),
  ];
  // Whoever has proven to be a tenant's caller is told what is left of its quota, and not where it is none.
  const limit = { limit: 1_000_000, ttl: 60_000 };
  const limits = library.TenantThrottlerModule.forRoot({ plans: { default: limit }, address: limit });
  const imports = [library.TenancyModule.forRoot({ store, resolvers }), limits];
  return moduleOf({ imports, controllers: [RefusingController], providers: [NextError] });
}
