import fc from 'fast-check';
import { STRINGS } from '../generated-strings.mjs';
import { canonical, idInPath, isAddress, isId, unescaped } from '../models.mjs';
import { Collisions } from './collisions.mjs';

const BROKEN = 'refused';

/** What a function of the library answers: a value, nothing, or that it refuses. Any other error is a crash. */
async function answerOf(library, ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof library.InvalidTenantIdError) return BROKEN;
    throw error;
  }
}

/** Each function with its strings, and what the model says of them. */
function subjects(library, collisions) {
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
  return {
    'an id': [STRINGS.id, (text) => parsed(text), modelled],
    'a header': [STRINGS.id, (text) => parsed(header.resolve({ headers: { 'x-tenant-id': text } })), modelled],
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
        const end = [...`/tenants/${text}/who`].findIndex((one) => one === '?' || one === '#');
        const found = idInPath(
          `/tenants/${text}/who`.slice(0, end === -1 ? undefined : lengthOf(`/tenants/${text}/who`, end)),
        );
        return found === undefined ? undefined : modelled(found ?? '');
      },
    ],
    'a query': [
      STRINGS.escaped,
      (text) => parsed(query.resolve({ url: `/who?tenant_id=${text}`, headers: {} })),
      (text) => {
        const given = `tenant_id=${text}`.split('&').map((pair) => {
          const at = pair.indexOf('=');
          const decoded = (part) => unescaped(part.replaceAll('+', ' ')) ?? part;
          return at === -1 ? [decoded(pair), ''] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
        });
        const ours = given.filter(([name]) => name === 'tenant_id' || name.startsWith('tenant_id['));
        return ours.length === 1 ? modelled(ours[0][1]) : BROKEN;
      },
    ],
    'a host': [STRINGS.host, (text) => library.canonicalHost(text), canonical],
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
    ],
    'a domain': [
      STRINGS.host,
      async (text) => {
        const found = await domain.resolve({ headers: { host: text } }, directory);
        if (found !== undefined) collisions.note(found, canonical(text), text);
        return found;
      },
      (text) => {
        const name = canonical(text);
        if (name === undefined) return isAddress(text) ? undefined : BROKEN;
        return name.includes('.') && name !== 'www.example.test' ? `tenant of ${name}` : undefined;
      },
    ],
    accepted,
  };
}

export async function proveFunctions(library, findings, { strings, seed, isShrunk = true, progress }) {
  const collisions = new Collisions(findings);
  const { accepted, ...all } = subjects(library, collisions);
  const each = Math.ceil(strings / Object.keys(all).length);
  findings.count('accepted', 0);
  for (const [name, [arbitrary, ask, model]] of Object.entries(all)) {
    if (findings.isFull) return;
    progress(`${name}, ${each} strings`);
    const rule = fc.asyncProperty(arbitrary, async (text) => {
      const answer = await answerOf(library, () => ask(text));
      const expected = model(text);
      findings.count('strings');
      if (accepted(answer)) findings.count('accepted');
      if (answer !== expected) throw new Error(`${String(answer)}, not ${String(expected)}`);
    });
    const result = await fc.check(rule, { numRuns: each, seed, endOnFailure: !isShrunk });
    if (!result.failed) continue;
    const [text] = result.counterexample ?? [];
    findings.violation('against the model', `${name} ${JSON.stringify(text)}: ${result.errorInstance?.message}`);
  }
}

/** The place of a character in the string that has surrogates in it. */
const lengthOf = (text, characters) => [...text].slice(0, characters).join('').length;
