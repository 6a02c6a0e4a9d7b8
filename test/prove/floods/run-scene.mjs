import { startChild } from '../../bench/process/start-child.mjs';
import { askQuietly } from './quiet-tenant.mjs';
import { QUIET_ADDRESS } from './scenes.mjs';
import { violationsOf } from './violations.mjs';

const CONNECTIONS = 16;
const GLOBEX = { authorization: 'token-of-globex', 'x-tenant-id': 'globex', 'x-forwarded-for': QUIET_ADDRESS };

/** Runs one scene with processes of its own: what the quiet tenant saw, and what the flood came to. */
export async function runScene({ service: options, flood: caller, ...scene }, { seconds, library }) {
  // More than the quiet tenant asks; and what an address may would use it up three times, where it counted. Once is enough
  // where that is waited for.
  const quota = 20 * (seconds + 1);
  const addressLimit = (scene.isUsedUpFirst ? 1 : 3) * quota;
  // So many answers that are no refusal of a limit none may have, whosoever it is counted for.
  const enough = addressLimit + quota + CONNECTIONS;
  const service = startChild(new URL('./service.mjs', import.meta.url));
  const flood = caller && startChild(new URL('./flood.mjs', import.meta.url));
  try {
    const url = await service.call('start', { ...options, quota, addressLimit, library });
    const owner = caller?.headers.authorization ? 'acme' : 'globex';
    await flood?.call('start', { url, ...caller, connections: CONNECTIONS, owner, addressLimit, enough });
    if (scene.isUsedUpFirst) await flood.call('usedUp');
    const quiet = await askQuietly(url, GLOBEX, 'globex', seconds);
    if (scene.holds) await flood.call('spent');
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
