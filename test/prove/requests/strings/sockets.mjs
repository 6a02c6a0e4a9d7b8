import { createHash } from 'node:crypto';
import { Get } from '@nestjs/common';
import fc from 'fast-check';
import { onBoth, outcomeOf, sameOutcome } from '../adapters.mjs';
import { controller, injecting, moduleOf } from '../declare.mjs';
import { onTheWire, STRINGS } from '../generated-strings.mjs';
import { canonical, headerValue, isId, unescaped } from '../models.mjs';
import { requestBytes } from '../raw-connection.mjs';
import { Collisions } from './collisions.mjs';

const HOST = 'Host: 127.0.0.1';
const tenantOf = (domain) => `d-${createHash('sha256').update(domain).digest('hex').slice(0, 40)}`;
const whoByHost = (name) => {
  if (name === undefined || name === 'example.test' || name === 'www.example.test') return undefined;
  if (!name.endsWith('.example.test')) return name.includes('.') ? tenantOf(name) : undefined;
  return whoById(name.slice(0, name.length - '.example.test'.length));
};
const whoById = (text) => (text !== undefined && isId(text) ? text : undefined);
const line = (name, bytes) => Buffer.concat([Buffer.from(`${name}: `), bytes]);

/**
 * The ways to say it: what is sent, the one form of that by the model, who may be served for it, and whether he must be. The routers read paths differently,
 * so that there only who is served is the same.
 */
const WAYS = {
  header: {
    strings: STRINGS.id,
    send: (bytes) => requestBytes('/who', [HOST, line('X-Tenant-ID', bytes)]),
    form: headerValue,
    who: whoById,
  },
  'two headers': {
    strings: STRINGS.id,
    send: (bytes) => requestBytes('/who', [HOST, line('X-Tenant-ID', bytes), line('x-tenant-id', bytes)]),
    form: headerValue,
    who: () => undefined,
  },
  host: {
    strings: STRINGS.host,
    send: (bytes) => requestBytes('/who', [line('Host', bytes)]),
    form: (bytes) => canonical(headerValue(bytes)),
    who: whoByHost,
  },
  'request line': {
    strings: STRINGS.acmesHost,
    send: (bytes) =>
      requestBytes(Buffer.concat([Buffer.from('http://'), bytes, Buffer.from('/who')]), ['Host: acme.example.test']),
    form: (bytes) => {
      const [authority] = bytes.toString('latin1').split(/[/?#]/);
      return authority === '' ? 'acme.example.test' : canonical(authority);
    },
    who: (name) => (name === 'acme.example.test' ? 'acme' : undefined),
    may: true,
  },
  query: {
    strings: STRINGS.escaped,
    send: (bytes) => requestBytes(Buffer.concat([Buffer.from('/who?tenant_id='), bytes]), [HOST]),
    form: (bytes) => {
      // Between the target and the version there may be any number of spaces.
      const [first, ...rest] = bytes.toString('latin1').replace(/ +$/, '').split('&');
      const isAgain = rest.some((pair) => /^tenant_id(?:=|\[|$)/.test(unescaped(pair.replaceAll('+', ' ')) ?? pair));
      return isAgain ? undefined : unescaped(first);
    },
    who: whoById,
  },
  path: {
    strings: STRINGS.escaped,
    send: (bytes) => requestBytes(Buffer.concat([Buffer.from('/tenants/'), bytes, Buffer.from('/who')]), [HOST]),
    form: (bytes) => {
      const segments = bytes.toString('latin1').split('/');
      return unescaped(segments.find((segment) => segment !== '') ?? '');
    },
    who: whoById,
    may: true,
  },
};

export async function proveSockets(library, findings, { sockets, seed, isShrunk = true, progress }) {
  const collisions = new Collisions(findings);
  const each = Math.ceil(sockets / Object.keys(WAYS).length);
  const served = new Set();
  for (const kind of ['strings over sockets', 'served', 'disagreements', 'without an answer']) findings.count(kind, 0);
  await onBoth(
    () => everybodysModule(library),
    undefined,
    async (apps) => {
      for (const [name, way] of Object.entries(WAYS)) {
        if (findings.isFull) return;
        progress(`${name}, ${each} strings over sockets`);
        const rule = fc.asyncProperty(onTheWire(way.strings), (bytes) => agree(apps, name, way, bytes));
        const result = await fc.check(rule, { numRuns: each, seed, endOnFailure: !isShrunk });
        // A proof in which nobody is ever served proves nothing.
        if (
          findings.awaits('never served') &&
          !result.failed &&
          each > 50 &&
          name !== 'two headers' &&
          !served.has(name)
        )
          findings.violation('never served', name);
        if (!result.failed) continue;
        const [bytes] = result.counterexample ?? [];
        findings.violation(
          result.errorInstance?.kind ?? 'against the model',
          `${name} ${JSON.stringify(bytes?.toString('latin1'))}: ${result.errorInstance?.message}`,
        );
      }
    },
  );

  async function agree(apps, name, way, bytes) {
    const sent = way.send(bytes);
    const [one, other] = await Promise.all(apps.map(async ({ send }) => outcomeOf(await send(sent))));
    const form = way.form(bytes);
    const expected = way.who(form);
    const said = () => JSON.stringify({ one, other, expected });
    findings.count('strings over sockets');
    for (const { status, id } of [one, other]) {
      if (status === 0) fail('without an answer', said());
      if (status >= 500) fail('answered with a failure', said());
      if (id === undefined) continue;
      findings.count('served');
      served.add(name);
      collisions.note(`${name} ${id}`, form, bytes.toString('latin1'));
      if (id !== expected) fail('served as another', said());
    }
    const isSame = way.may
      ? one.id === undefined || other.id === undefined || one.id === other.id
      : sameOutcome(one, other);
    if (!isSame) fail('disagreements', said());
    // What is nobody's fault must not be refused. A byte that HTTP has no place for is.
    const isPlain = /^[\x21-\x7e]*$/.test(bytes.toString('latin1'));
    if (!way.may && isPlain && expected !== undefined && one.id !== expected) fail('refused without a reason', said());
  }

  function fail(kind, said) {
    if (findings.awaits(kind)) throw new Fault(kind, said);
  }
}

class Fault extends Error {
  constructor(kind, said) {
    super(said);
    this.kind = kind;
  }
}

/** A registry in which everybody is there: whoever is named is served, so that nothing stays hidden behind a 404. */
function everybodysModule(library) {
  const store = {
    findById: async (id) => library.defineTenant({ id, schema: 't_somebody' }),
    findByDomain: async (domain) => library.defineTenant({ id: tenantOf(domain), schema: 't_somebody' }),
  };
  class WhoController {
    constructor(context) {
      this.context = context;
    }
    who() {
      return { id: this.context.tenantId };
    }
  }
  controller('', WhoController, { who: [Get(['who', 'tenants/:tenantId/who'])] }, injecting(library.TenantContext));
  const resolvers = [
    new library.HeaderTenantResolver(),
    new library.QueryTenantResolver(),
    new library.PathTenantResolver(),
    new library.SubdomainTenantResolver('example.test'),
    new library.DomainTenantResolver({ ignore: ['example.test', '*.example.test'] }),
  ];
  const imports = [library.TenancyModule.forRoot({ store, resolvers })];
  return moduleOf({ imports, controllers: [WhoController] });
}
