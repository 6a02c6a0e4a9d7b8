import { Get, UseGuards } from '@nestjs/common';
import { believeCaller, onBoth, outcomeOf } from './adapters.mjs';
import { controller, injecting, moduleOf } from './declare.mjs';
import { inParallel, requestBytes } from './raw-connection.mjs';

export const SAID = ['absent', 'acme', 'globex', 'malformed'];
const CALLERS = ['user', 'platform'];
/** The caller that a guard authenticates. */
const LATE = 'X-Late-Caller';

/** One after the other: a base domain for each answer that the registry may give for a host below it. */
const baseOf = (domain) => `${domain}.test`;
const LABELS = { absent: 'www', acme: 'acme', globex: 'globex', malformed: 'x.y' };
const word = (said) => (said === 'malformed' ? 'No-Id' : said);

/** The rule, apart from the code: what is malformed, differs, or is not the caller's own is refused. */
export function rule({ hints, claim, caller, isLate }) {
  if (isLate) return ruleOfLate({ hints, claim, caller });
  const verified = caller === undefined ? 'absent' : claim;
  if ([...hints, verified].includes('malformed')) return { status: 400, code: 'TENANT_ID_INVALID' };
  const named = new Set(hints.filter((hint) => hint !== 'absent'));
  if (named.size === 2) return { status: 400, code: 'TENANT_CONFLICT' };
  if (caller === 'user' && named.size === 1 && !named.has(verified)) return { status: 403, code: 'TENANT_FORBIDDEN' };
  const [id = verified] = named;
  // Nobody is named; and the host belonged to nobody, as the registry says of every host here that it does not know.
  return id === 'absent' ? { status: 404, code: 'TENANT_NOT_FOUND' } : { status: 200, id };
}

/** Whom a guard authenticates nobody knows before; then his claim must name the tenant that is found already. */
function ruleOfLate({ hints, claim, caller }) {
  const found = rule({ hints });
  if (found.id === undefined || caller === 'platform' || claim === found.id) return found;
  if (claim === 'malformed') return { status: 400, code: 'TENANT_ID_INVALID' };
  return { status: 403, code: 'TENANT_FORBIDDEN' };
}

/** What header, query, path, subdomain and domain say, times the claim, times who makes it, times when it is verified. */
export async function proveAgreement(library, findings, { progress }) {
  await onBoth(
    () => agreementModule(library),
    believeCaller,
    async (apps) => {
      const cases = [...combinations()];
      for (const { adapter, send } of apps) {
        let done = 0;
        await inParallel(cases, 16, async (one, worker) => {
          if (findings.isFull) return;
          const outcome = outcomeOf(await send(bytesOf(one), worker));
          const expected = rule(one);
          findings.count('requests');
          if (outcome.status !== expected.status || outcome.id !== expected.id || outcome.code !== expected.code) {
            findings.violation('against the rule', `${adapter} ${JSON.stringify({ one, outcome, expected })}`);
          }
          if (++done % 500 === 0) progress(`${adapter}: ${done} of ${cases.length} combinations`);
        });
      }
      findings.counts.combinations = cases.length;
    },
  );
}

function* combinations() {
  for (const header of SAID)
    for (const query of SAID)
      for (const path of SAID)
        for (const subdomain of SAID)
          for (const domain of SAID) {
            const hints = [header, query, path, subdomain, domain];
            yield { hints, claim: 'absent', caller: undefined };
            for (const claim of SAID) for (const caller of CALLERS) yield { hints, claim, caller };
            // How hints agree does not depend on when the claim is verified: some of them will do.
            if (![subdomain, domain].every((said) => said === 'absent' || said === 'globex')) continue;
            for (const claim of SAID) for (const caller of CALLERS) yield { hints, claim, caller, isLate: true };
          }
}

function bytesOf({ hints: [header, query, path, subdomain, domain], claim, caller, isLate }) {
  const target =
    (path === 'absent' ? '/who' : `/tenants/${word(path)}/who`) +
    (query === 'absent' ? '' : `?tenant_id=${word(query)}`);
  const lines = [`Host: ${LABELS[subdomain]}.${baseOf(domain)}`];
  if (header !== 'absent') lines.push(`X-Tenant-ID: ${word(header)}`);
  if (caller) {
    const user = { role: caller, ...(claim === 'absent' ? {} : { tenant: word(claim) }) };
    lines.push(`${isLate ? LATE : 'X-Caller'}: ${JSON.stringify(user)}`);
  }
  return requestBytes(target, lines);
}

/** A registry that knows, for hosts below the base domain of each word, the tenant of that word. */
function registry(library) {
  const tenant = (id) => library.defineTenant({ id, schema: `t_${id.toLowerCase().replaceAll('-', '_')}` });
  return {
    findById: async (id) => (id === 'acme' || id === 'globex' ? tenant(id) : undefined),
    findByDomain: async (domain) => {
      const said = SAID.find((one) => domain.endsWith(`.${baseOf(one)}`));
      // Even what the registry says is looked at: this is no tenant's id.
      return said === undefined || said === 'absent' ? undefined : tenant(word(said));
    },
  };
}

function agreementModule(library) {
  const { TenantContext } = library;
  class WhoController {
    constructor(context) {
      this.context = context;
    }
    who() {
      return { id: this.context.tenantId };
    }
  }
  const authenticating = {
    canActivate: (host) => {
      const request = host.switchToHttp().getRequest();
      const late = request.headers[LATE.toLowerCase()];
      if (late !== undefined) request.user = JSON.parse(late);
      return true;
    },
  };
  const routes = { who: [Get(['who', 'tenants/:tenantId/who'])] };
  controller('', WhoController, routes, injecting(TenantContext), UseGuards(authenticating));
  const resolvers = [
    new library.HeaderTenantResolver(),
    new library.QueryTenantResolver(),
    new library.PathTenantResolver(),
    ...SAID.map((domain) => new library.SubdomainTenantResolver(baseOf(domain))),
    new library.DomainTenantResolver(),
    new library.ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' }),
  ];
  const imports = [library.TenancyModule.forRoot({ store: registry(library), resolvers })];
  return moduleOf({ imports, controllers: [WhoController] });
}
