import { Progress } from '../report/progress.mjs';
import { openApplication } from './open-applications.mjs';
import { sendRequests } from './send-requests.mjs';
import { TENANTS } from './tenants.mjs';
import { ADAPTERS, headersOf, OURS } from './ways.mjs';

const STEPS = 10;

/** The heap after each tenth of very many requests of many tenants, on each adapter. */
export async function measureSoak({ requests: amount, adapters = ADAPTERS, node }) {
  const progress = new Progress(adapters.length * STEPS);
  const rows = [];
  try {
    for (const adapter of adapters) {
      const resolver = 'header';
      const application = await openApplication({ way: OURS, adapter, resolver }, node, ['--expose-gc']);
      try {
        const requests = Array.from({ length: TENANTS }, (_, n) => ({
          method: 'GET',
          path: '/who',
          headers: headersOf(resolver, `tenant${n}`),
        }));
        const heap = [];
        for (let step = 0; step < STEPS; step += 1) {
          progress.begin(`soak on ${adapter}`, `${step} of ${STEPS}`);
          await sendRequests(application.url, requests, { amount: amount / STEPS });
          heap.push(await application.call('heap'));
          progress.advance(1);
        }
        rows.push({ adapter, heap });
      } finally {
        await application.stop();
      }
    }
  } finally {
    progress.end();
  }
  return { method: { requests: amount, tenants: TENANTS }, rows };
}
