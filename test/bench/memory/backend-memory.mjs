import { readFile } from 'node:fs/promises';

/** What backends hold that is theirs alone, and with their part of what they share, in KiB; or why that is unknown. */
export async function backendMemory(pids) {
  const total = { private: 0, proportional: 0 };
  try {
    for (const pid of pids) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
      // A server elsewhere has process numbers too, and here they are somebody else's.
      if (!command.includes('postgres')) return { unknown: 'The server is not on this machine.' };
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
      const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)[1]);
      total.private += kib('Private_Clean') + kib('Private_Dirty');
      total.proportional += kib('Pss');
    }
    return total;
  } catch (error) {
    return { unknown: `${error.message}. Only Linux tells it, and only to root or the server's own user.` };
  }
}
