import { startChild } from '../process/start-child.mjs';
import { sendRequests } from './send-requests.mjs';
import { headersOf } from './ways.mjs';

/** A running application, in a process of its own, that has shown to know whose request it is. */
export async function openApplication({ way, ...cell }, node, execArgv) {
  const { applications, ...child } = await openApplications([way], cell, node, execArgv);
  return { ...child, ...applications[0] };
}

/** Several of them in one process. */
export async function openApplications(ways, { adapter, resolver }, node, execArgv = []) {
  const child = startChild(new URL('application-process.mjs', import.meta.url), execArgv, node);
  try {
    const applications = [];
    let version;
    for (const way of ways) {
      const { url, node: running } = await child.call('open', { way, adapter, resolver });
      version = running;
      const request = { method: 'GET', path: '/who', headers: headersOf(resolver, 'tenant0') };
      const checked = { ...request, onResponse: (_status, body) => assertAnswer(way, body) };
      await sendRequests(url, [checked], { amount: 32 });
      applications.push({ way, url, turn: (seconds) => measureTurn(child, url, request, seconds) });
    }
    return { applications, node: version, call: child.call, stop: child.stop };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Microseconds a request: of the server's processor, and by the clock. */
async function measureTurn(child, url, request, duration) {
  const before = await child.call('cpu');
  const { answered, seconds } = await sendRequests(url, [request], { duration });
  return { cpu: ((await child.call('cpu')) - before) / answered, clock: (seconds * 1e6) / answered };
}

function assertAnswer(way, body) {
  if (body !== '{"id":"tenant0"}') throw new Error(`${way} answers ${body}.`);
}
