// A tenant management service as a process of its own, which can be killed and stopped, and does what it is told to:
//
//   ok       answers, after `slow` milliseconds
//   flaky    answers 500 to every first question for a tenant
//   failing  answers 500
//   garbage  answers 200 with a tenant that is none
//   large    answers with a tenant that is larger than it may be
//   other    answers with another tenant
//   lost     makes a change, and breaks off instead of confirming it
import { createServer } from 'node:http';

const [, , port, tenantCount] = process.argv;
const known = new Set(Array.from({ length: Number(tenantCount) }, (_, n) => `tenant-${n}`));
let state = { mode: 'ok', slow: 0, version: 1 };
let calls = { reads: 0, changes: 0, running: 0, most: 0 };
const askedBefore = new Set();

const server = createServer((request, response) => {
  const [, collection, id] = request.url.split('/');
  if (request.method === 'PATCH') return change(response);
  calls.reads += 1;
  calls.running += 1;
  calls.most = Math.max(calls.most, calls.running);
  setTimeout(() => {
    calls.running -= 1;
    answer(response, collection, decodeURIComponent(id));
  }, state.slow);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1', () => process.send({ port: server.address().port }));

process.on('message', ({ set, ask }) => {
  if (set) state = { ...state, ...set };
  if (set?.made) known.add(set.made);
  if (set?.forget) calls = { ...calls, reads: 0, changes: 0, most: 0 };
  process.send(ask ? { calls } : { done: true });
});
process.on('disconnect', () => process.exit());

function answer(response, collection, id) {
  const { mode } = state;
  const isFirst = !askedBefore.has(id);
  askedBefore.add(id);
  if (mode === 'failing' || (mode === 'flaky' && isFirst)) return send(response, 500, {});
  if (mode === 'garbage') return send(response, 200, { id, schema: 'public', status: 'yes' });
  if (mode === 'other') return send(response, 200, tenant('tenant-0' === id ? 'tenant-1' : 'tenant-0'));
  if (mode === 'large') return send(response, 200, tenant(id, 'x'.repeat(200_000)));
  if (collection !== 'tenants' || !known.has(id)) return send(response, 404, {});
  send(response, 200, tenant(id));
}

function change(response) {
  calls.changes += 1;
  if (state.mode === 'lost') return response.destroy();
  send(response, 200, {});
}

function tenant(id, pad) {
  const schema = `t_${id.replaceAll('-', '_')}`;
  return { id, schema, plan: `v${state.version}`, metadata: { answeredAt: Date.now(), ...(pad ? { pad } : {}) } };
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
