import { onBoth } from './adapters.mjs';
import { mountsOf } from './mounts.mjs';
import { variantsOf } from './path-variants.mjs';
import { inParallel, requestBytes } from './raw-connection.mjs';

const HEADERS = [undefined, 'acme', 'globex'];
const PATHS = ['/notes', '/tenants/acme/notes', '/open'];

/** A handler is reached as the tenant that the request names, or not at all; `undefined` where that holds. */
function faultOf({ handler, id, param }, header) {
  if (handler === 'open') return id === null ? undefined : 'a tenant where there is none';
  if (id === null) return 'a handler without a tenant';
  if (header !== undefined && id !== header) return 'another tenant than the header’s';
  if (handler === 'own') return header === undefined ? 'a tenant that nobody named' : undefined;
  return id === param ? undefined : 'another tenant than the router’s';
}

/** Ways to write a path, on each mount and adapter: no handler without its context. */
export async function provePaths(library, findings, { progress }) {
  findings.count('handlers without the right context', 0);
  for (const { name, base, headers, configure, makeModule } of mountsOf(library)) {
    const targets = PATHS.flatMap((path) => variantsOf(base + path, path !== '/open')).flatMap((path) =>
      HEADERS.map((header) => ({ path, header })),
    );
    await onBoth(makeModule, configure, async (apps) => {
      for (const { adapter, send } of apps) {
        if (findings.isFull) return;
        progress(`${name}, ${adapter}, ${targets.length} requests`);
        const reached = new Set();
        await inParallel(targets, 16, async ({ path, header }, worker) => {
          if (findings.isFull) return;
          const tenant = header === undefined ? [] : [`X-Tenant-ID: ${header}`];
          const { status, body } = await send(requestBytes(path, ['Host: localhost', ...headers, ...tenant]), worker);
          const said = () => `${adapter}, ${name}, ${JSON.stringify({ path, header, status, body })}`;
          findings.count('requests');
          if (status === 0) findings.violation('without an answer', said());
          if (status !== 200) return;
          const answer = JSON.parse(body);
          reached.add(answer.handler);
          findings.count('handlers reached');
          const fault = faultOf(answer, header);
          if (fault) findings.violation('handlers without the right context', `${fault}: ${said()}`);
        });
        // A proof in which nobody comes through the door proves nothing.
        const missing = ['own', 'named', 'open'].filter((handler) => !reached.has(handler));
        if (missing.length > 0) findings.violation('never reached', `${adapter}, ${name}: ${missing.join()}`);
      }
    });
  }
}
