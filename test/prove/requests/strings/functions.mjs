import fc from 'fast-check';
import { STRINGS } from '../generated-strings.mjs';
import { canonical, idInPath, isAddress, isId, unescaped } from '../models.mjs';
import { Collisions } from './collisions.mjs';

const BROKEN = 'refused';
const AGAINST = 'against the model';

/** What a function of the library answers: a value, nothing, or that it refuses. Any other error is a crash. */
async function answerOf(library, ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof library.InvalidTenantIdError) return BROKEN;
    throw error;
  }
}

/** Each function with its strings, what the model says of them, and the one form of what is sent, where it names somebody. */
function subjects(library) {
  const ids = new library.TenantIdValidator();
  const header = new library.HeaderTenantResolver();
  const query = new library.QueryTenantResolver();
  const path = new library.PathTenantResolver();
  const subdomain = new library.SubdomainTenantResolver('example.test');
  const domain = new library.DomainTenantResolver({ ignore: ['www.example.test'] });
  const directory = { hostOf: library.hostOf, idOfDomain: async (name) => `tenant of ${name}` };
  const parsed = (found) => (found === undefined ? undefined : ids.parse(found));
  const accepted = (answer) => answer !== undefined && answer !== BROKEN;
  const modelled = (text) => (isId(text) ? text : BROKEN);
  const asSent = (text) => text;
  return {
    'an id': [STRINGS.id, (text) => parsed(text), modelled, asSent],
    'a header': [STRINGS.id, (text) => parsed(header.resolve({ headers: { 'x-tenant-id': text } })), modelled, asSent],
    'a header sent twice': [
      STRINGS.id,
      (text) => {
        const rawHeaders = ['X-Tenant-ID', text, 'x-tenant-id', text];
        return parsed(header.resolve({ headers: { 'x-tenant-id': text }, rawHeaders }));
      },
      () => BROKEN,
    ],
    'a path': [
      STRINGS.escaped,
      (text) => parsed(path.resolve({ url: `/tenants/${text}/who`, headers: {} })),
      (text) => {
        const found = segmentIn(text);
        return found === undefined ? undefined : modelled(found ?? '');
      },
      segmentIn,
    ],
    'a query': [
      STRINGS.escaped,
      (text) => parsed(query.resolve({ url: `/who?tenant_id=${text}`, headers: {} })),
      (text) => {
        const [value, ...others] = valuesIn(text);
        return others.length === 0 ? modelled(value) : BROKEN;
      },
      (text) => valuesIn(text)[0],
    ],
    'a host': [STRINGS.host, (text) => library.canonicalHost(text), canonical, canonical],
    'a host once more': [
      STRINGS.host,
      (text) => {
        const once = library.canonicalHost(text);
        return once === undefined ? undefined : library.canonicalHost(once);
      },
      canonical,
    ],
    'a subdomain': [
      STRINGS.host,
      (text) => parsed(subdomain.resolve({ headers: { host: text } })),
      (text) => {
        const name = canonical(text);
        if (name === undefined) return isAddress(text) ? undefined : BROKEN;
        if (!name.endsWith('.example.test') || name === 'www.example.test') return undefined;
        return modelled(name.slice(0, name.length - '.example.test'.length));
      },
      canonical,
    ],
    'a domain': [
      STRINGS.host,
      (text) => domain.resolve({ headers: { host: text } }, directory),
      (text) => {
        const name = canonical(text);
        if (name === undefined) return isAddress(text) ? undefined : BROKEN;
        return name.includes('.') && name !== 'www.example.test' ? `tenant of ${name}` : undefined;
      },
      canonical,
    ],
    accepted,
  };
}

export async function proveFunctions(library, findings, { strings, seed, isShrunk = true, progress }) {
  const collisions = new Collisions(findings);
  const { accepted, ...all } = subjects(library);
  const each = Math.ceil(strings / Object.keys(all).length);
  findings.count('accepted', 0);
  for (const [name, [arbitrary, ask, model, form]] of Object.entries(all)) {
    if (findings.isFull) return;
    progress(`${name}, ${each} strings`);
    const rule = fc.asyncProperty(arbitrary, async (text) => {
      const answer = await answerOf(library, () => ask(text));
      const expected = model(text);
      findings.count('strings');
      if (accepted(answer)) findings.count('accepted');
      if (accepted(answer) && form) collisions.note(`${name} ${answer}`, form(text), text);
      if (answer !== expected && findings.awaits(AGAINST))
        throw new Error(`${String(answer)}, not ${String(expected)}`);
    });
    const result = await fc.check(rule, { numRuns: each, seed, endOnFailure: !isShrunk });
    if (!result.failed) continue;
    const [text] = result.counterexample ?? [];
    findings.violation(AGAINST, `${name} ${JSON.stringify(text)}: ${result.errorInstance?.message}`);
  }
}

/** What stands in the place of the id in a path, by the model: up to the query. */
function segmentIn(text) {
  const path = `/tenants/${text}/who`;
  const end = [...path].findIndex((one) => one === '?' || one === '#');
  return idInPath(end === -1 ? path : [...path].slice(0, end).join(''));
}

/** What a query says of the tenant, by the model. */
function valuesIn(text) {
  const decoded = (part) => unescaped(part.replaceAll('+', ' ')) ?? part;
  return `tenant_id=${text}`
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at === -1 ? [decoded(pair), ''] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
    })
    .filter(([name]) => name === 'tenant_id' || name.startsWith('tenant_id['))
    .map(([, value]) => value);
}
