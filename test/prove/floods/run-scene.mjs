import { startChild } from '../../bench/process/start-child.mjs';
import { askQuietly } from './quiet-tenant.mjs';
import { violationsOf } from './violations.mjs';

const CONNECTIONS = 16;
const GLOBEX = { authorization: 'token-of-globex', 'x-tenant-id': 'globex', 'x-forwarded-for': '198.51.100.3' };

/** Runs one scene with processes of its own: what the quiet tenant saw, and what the flood came to. */
export async function runScene({ service: options, flood: headers, ...scene }, { seconds }) {
  // More than the quiet tenant asks; and what an address may would use it up three times, where it counted.
  const quota = 20 * (seconds + 1);
  const addressLimit = 3 * quota;
  const service = startChild(new URL('./service.mjs', import.meta.url));
  const flood = headers && startChild(new URL('./flood.mjs', import.meta.url));
  try {
    const url = await service.call('start', { ...options, quota, addressLimit });
    const owner = headers?.authorization ? 'acme' : 'globex';
    await flood?.call('start', { url, headers, connections: CONNECTIONS, owner });
    if (scene.hasToRefuse) await flood.call('refused');
    const quiet = await askQuietly(url, GLOBEX, 'globex', seconds);
    if (scene.holds) await flood.call('refused');
    const flooded = await flood?.call('stop');
    return {
      ...scene,
      quota,
      quiet,
      ...(flooded && { flood: flooded }),
      violations: violationsOf(scene, quota, quiet, flooded),
    };
  } finally {
    await flood?.stop();
    await service.stop();
  }
}
