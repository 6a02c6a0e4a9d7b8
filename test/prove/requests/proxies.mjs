import { Get } from '@nestjs/common';
import { believeCaller, onBoth, outcomeOf } from './adapters.mjs';
import { controller, injecting, moduleOf } from './declare.mjs';
import { missingInVary } from './vary.mjs';
import { inParallel, requestBytes } from './raw-connection.mjs';

/** Where the requests come from is a proxy to the one module, and a stranger to the other. */
const PEERS = { proxy: ['127.0.0.0/8'], stranger: ['10.1.2.3', '::2'] };
const GATEWAY = {
  nothing: [],
  acme: ['X-Gateway-Tenant: acme'],
  globex: ['X-Gateway-Tenant: globex'],
  nobody: ['X-Gateway-Tenant: nobody'],
  malformed: ['X-Gateway-Tenant: No-Id'],
  twice: ['X-Gateway-Tenant: acme', 'X-Gateway-Tenant: acme'],
};
const FORWARDED = {
  nothing: [],
  acme: ['X-Forwarded-Host: acme.example.test'],
  globex: ['X-Forwarded-Host: GLOBEX.example.test:443'],
  malformed: ['X-Forwarded-Host: acme.example.test, globex.example.test'],
};
const HOSTS = {
  nothing: 'inner.test',
  acme: 'acme.example.test',
  globex: 'globex.example.test',
  'acme’s domain': 'shop.test',
  'nobody’s domain': 'stray.test',
};
const ofDomain = (host) => host.endsWith(' domain');
/** Whom a host names to who is believed. */
const NAMED = { 'acme’s domain': 'acme', 'nobody’s domain': 'nothing' };
const CLAIMS = ['nothing', 'acme', 'globex'];

/** Who is served as whom: `undefined` is a refusal. */
function rule({ peer, gateway, forwarded, host, claim }) {
  if (peer === 'stranger' && (gateway !== 'nothing' || forwarded !== 'nothing' || ofDomain(host))) return undefined;
  const named = new Set([gateway, forwarded === 'nothing' ? (NAMED[host] ?? host) : forwarded, claim]);
  named.delete('nothing');
  const [id] = named;
  return named.size === 1 && (id === 'acme' || id === 'globex') ? id : undefined;
}

const VARYING = ['X-Gateway-Tenant', 'X-Forwarded-Host'];

/**
 * What a gateway's header, a forwarded host, the host and the claim say, from a proxy and from a stranger, for whom nothing is
 * looked up either: how long that takes would tell him what is there.
 */
export async function proveProxies(library, findings, { progress }) {
  for (const [peer, proxies] of Object.entries(PEERS)) {
    const domains = [];
    await onBoth(
      () => behindProxies(library, proxies, domains),
      believeCaller,
      async (apps) => {
        for (const { adapter, send } of apps) {
          progress(`${adapter}, ${peer}`);
          await inParallel(combinations(peer), 16, async (one, worker) => {
            const answer = await send(bytesOf(one), worker);
            const outcome = outcomeOf(answer);
            findings.count('requests');
            const describe = () => `${adapter} ${JSON.stringify({ one, outcome, expected: rule(one) ?? 'refused' })}`;
            if (outcome.id !== rule(one)) findings.violation('against the rule', describe());
            if (outcome.status !== 200 && outcome.code === undefined) findings.violation('without a code', describe());
            const missing = missingInVary(answer.head, VARYING);
            if (missing.length > 0)
              findings.violation('not told what it depends on', `${missing.join()}: ${describe()}`);
          });
          if (peer === 'stranger' && domains.length > 0)
            findings.violation('looked up for a stranger', `${adapter}: ${[...new Set(domains)].join()}`);
        }
      },
    );
  }
}

function* combinations(peer) {
  for (const gateway of Object.keys(GATEWAY))
    for (const forwarded of Object.keys(FORWARDED))
      for (const host of Object.keys(HOSTS))
        for (const claim of CLAIMS)
          for (const pretends of [false, true]) yield { peer, gateway, forwarded, host, claim, pretends };
}

function bytesOf({ gateway, forwarded, host, claim, pretends }) {
  return requestBytes('/who', [
    `Host: ${HOSTS[host]}`,
    ...GATEWAY[gateway],
    ...FORWARDED[forwarded],
    ...(claim === 'nothing' ? [] : [`X-Caller: ${JSON.stringify({ tenant: claim })}`]),
    // Whoever wants to be taken for the proxy says so here.
    ...(pretends ? ['X-Forwarded-For: 10.1.2.3', 'X-Real-IP: 10.1.2.3', 'Forwarded: for=10.1.2.3'] : []),
  ]);
}

function behindProxies(library, proxies, domains) {
  class WhoController {
    constructor(context) {
      this.context = context;
    }
    who() {
      return { id: this.context.tenantId };
    }
  }
  controller('', WhoController, { who: [Get('who')] }, injecting(library.TenantContext));
  const tenants = new library.InMemoryTenantStore([
    { id: 'acme', schema: 't_acme', domains: ['shop.test'] },
    { id: 'globex', schema: 't_globex' },
  ]);
  const store = {
    findById: (id) => tenants.findById(id),
    findByDomain: (domain) => {
      domains.push(domain);
      return tenants.findByDomain(domain);
    },
  };
  const imports = [
    library.TenancyModule.forRoot({
      store,
      resolvers: [new library.SubdomainTenantResolver('example.test'), new library.ClaimTenantResolver()],
      trustedHints: {
        proxies,
        resolvers: [
          new library.HeaderTenantResolver('X-Gateway-Tenant'),
          new library.DomainTenantResolver({ ignore: ['*.example.test', 'inner.test'] }),
        ],
        forwardedHost: true,
      },
    }),
  ];
  return moduleOf({ imports, controllers: [WhoController] });
}
