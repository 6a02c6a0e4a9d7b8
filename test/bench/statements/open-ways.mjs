import { startChild } from '../process/start-child.mjs';
import { WAYS } from '../ways/ways.mjs';
import { TABLES } from './cells.mjs';

/** Starts the ways, each in a process of its own. One that this version of the library does not have is `missing`. */
export async function openWays(url, names = Object.keys(WAYS)) {
  const opened = {};
  const missing = {};
  const close = async () => {
    await Promise.all(Object.values(opened).map((way) => way.stop()));
  };
  try {
    for (const name of names) {
      const way = startChild(new URL('../ways/way-process.mjs', import.meta.url));
      opened[name] = way;
      const { unknown } = await way.call('open', { way: name, url, tables: TABLES });
      if (!unknown) continue;
      missing[name] = unknown;
      delete opened[name];
      await way.stop();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { opened, missing, close };
}
