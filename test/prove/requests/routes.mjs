import { believeCaller, onBoth, outcomeOf } from './adapters.mjs';
import { SAID } from './agreement.mjs';
import { inParallel, requestBytes } from './raw-connection.mjs';
import { ROUTES, routesModule } from './routes-module.mjs';
import { missingInVary } from './vary.mjs';

const WORDS = { acme: 'acme', globex: 'globex', malformed: 'No-Id' };
const MODULES = [
  { required: true, isLate: false },
  { required: true, isLate: true },
  { required: false, isLate: false },
  { required: false, isLate: true },
];

/**
 * What kinds of routes make of a header, a header of the route's own and the claim of a caller, whom a middleware or a guard
 * authenticates; where a tenant is required and where not; on excluded paths and others. What is of a route sees whom its
 * handler sees.
 */
export async function proveRoutes(library, findings, { progress }) {
  for (const options of MODULES) {
    const configure = options.isLate ? undefined : believeCaller;
    await onBoth(
      () => routesModule(library, options),
      configure,
      async (apps) => {
        for (const { adapter, send } of apps) {
          if (findings.isFull) return;
          const reached = new Set();
          const where = `${adapter} ${JSON.stringify(options)}`;
          progress(where);
          await inParallel(combinations(), 16, async (one, worker) => {
            if (findings.isFull) return;
            const answer = await send(bytesOf(one), worker);
            findings.count('requests');
            if (answer.status === 200) reached.add(one.kind);
            judge(findings, where, one, answer, rule({ ...options, ...one }));
          });
          const missing = Object.keys(ROUTES).filter((kind) => !reached.has(kind));
          if (missing.length > 0) findings.violation('never reached', `${where}: ${missing.join()}`);
        }
      },
    );
  }
}

function judge(findings, where, one, answer, expected) {
  const { id, code } = outcomeOf(answer);
  const said = () => `${where} ${JSON.stringify({ one, id, code, expected })}`;
  if (id !== expected.id || code !== expected.code) findings.violation('against the rule', said());
  if (id !== undefined) {
    for (const [who, seen] of Object.entries(JSON.parse(answer.body).seen))
      // Before the claim that a guard verified has decided, there is nobody to be seen.
      if (seen !== (expected.isLate && who.startsWith('a guard') ? null : id))
        findings.violation('seen otherwise', `${who} saw ${seen}: ${said()}`);
  }
  const missing = missingInVary(answer.head, ['X-Tenant-ID', ...(ROUTES[one.kind].header ?? [])]);
  if (missing.length > 0) findings.violation('not told what it depends on', `${missing.join()}: ${said()}`);
}

function* combinations() {
  for (const kind of Object.keys(ROUTES))
    for (const isExcluded of [false, true])
      for (const header of SAID)
        for (const own of SAID) {
          yield { kind, isExcluded, header, own };
          for (const claim of SAID)
            for (const caller of ['user', 'platform']) yield { kind, isExcluded, header, own, claim, caller };
        }
}

function bytesOf({ kind, isExcluded, header, own, claim, caller }) {
  const lines = ['Host: localhost'];
  if (header !== 'absent') lines.push(`X-Tenant-ID: ${WORDS[header]}`);
  if (own !== 'absent') lines.push(`X-Own-Tenant: ${WORDS[own]}`);
  if (caller) {
    const user = { role: caller, tenant: WORDS[claim], branch: WORDS[own] };
    lines.push(`X-Caller: ${JSON.stringify(user)}`);
  }
  return requestBytes(isExcluded ? `/out/${kind}` : `/${kind}`, lines);
}

/** The rule, apart from the code: who is served, nobody where it is `null`, or why not. */
function rule({ required, isLate, isExcluded, kind, header, own, claim, caller }) {
  const { isOpen, hasOwn, isInstead, hasClaim } = ROUTES[kind];
  if (isOpen) return { id: null };
  const hasBranch = hasClaim && caller !== undefined;
  const claims = [...(caller ? [claim] : []), ...(hasBranch ? [own] : [])];
  const isBound = caller === 'user' || hasBranch;
  // Whom a guard authenticates nobody knows before.
  const known = isLate || !caller ? { claims: [], isBound: false } : { claims, isBound };
  const before = isLate || !caller ? known : { claims: [claim], isBound: caller === 'user' };
  const first = isExcluded ? { id: null } : decided({ ...before, hints: [header], required });
  const hints = [...(isInstead ? [] : [header]), ...(hasOwn && !hasClaim ? [own] : [])];
  const outcome = hasOwn ? decided({ ...known, hints, required }) : first;
  // Where nobody was named and none is required, the claim of a caller whom a guard authenticates decides by itself.
  const isLeft = outcome.id || outcome.code || !isLate || !caller || (isExcluded && !hasOwn);
  const last = isLeft ? outcome : { ...decided({ claims, isBound, hints, required }), isLate };
  if (!last.id) return last;
  // What ran as one tenant until the route was known becomes no other.
  if (first.id && first.id !== last.id) return { code: 'TENANT_CONFLICT' };
  if (!isLate || !isBound) return last;
  const { code, id: claimed } = agreed(claims);
  return code ? { code } : claimed === last.id ? last : { code: 'TENANT_FORBIDDEN' };
}

function decided({ claims, hints, isBound, required }) {
  const [verified, asked] = [agreed(claims), agreed(hints)];
  const code = verified.code ?? asked.code;
  if (code) return { code };
  if (isBound && asked.id && asked.id !== verified.id) return { code: 'TENANT_FORBIDDEN' };
  const id = asked.id ?? verified.id;
  return id === undefined && required ? { code: 'TENANT_REQUIRED' } : { id: id ?? null };
}

function agreed(said) {
  if (said.includes('malformed')) return { code: 'TENANT_ID_INVALID' };
  const named = new Set(said.filter((one) => one !== 'absent'));
  return named.size > 1 ? { code: 'TENANT_CONFLICT' } : { id: [...named][0] };
}
