import { startChild } from '../process/start-child.mjs';
import { rounded } from '../report/statistics.mjs';

const TIMES = 100_000;

/** What the library itself does for a request, beside what any way to carry a tenant has to do. */
export async function measureParts({ node, times = TIMES }) {
  const child = startChild(new URL('parts-process.mjs', import.meta.url), [], node);
  try {
    const measured = await child.call('measure', { times });
    const all = Object.entries(measured.nanoseconds).map(([part, value]) => [part, rounded(value, 0)]);
    return { method: { times, node: measured.node }, nanoseconds: Object.fromEntries(all) };
  } finally {
    await child.stop();
  }
}
