import { startChild } from '../process/start-child.mjs';
import { WAYS } from '../ways/ways.mjs';
import { TABLES } from './cells.mjs';

/** Starts the ways, each in a process of its own. */
export async function openWays(url, names = Object.keys(WAYS)) {
  const ways = {};
  const close = async () => {
    await Promise.all(Object.values(ways).map((way) => way.stop()));
  };
  try {
    for (const name of names) {
      ways[name] = startChild(new URL('../ways/way-process.mjs', import.meta.url));
      await ways[name].call('open', { way: name, url, tables: TABLES });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ways, close };
}
