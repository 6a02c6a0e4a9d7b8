import { readdir, readFile } from 'node:fs/promises';
import { queryOnce } from './query-once.mjs';

/**
 * Tells how long the processes of a server have been at work so far, in microseconds; `undefined` where that cannot be seen:
 * the server is on another machine, or this one is no Linux.
 */
export async function serverCpu(serverUrl) {
  const [{ file }] = await queryOnce(serverUrl, "SELECT pg_read_file('postmaster.pid') AS file");
  const postmaster = Number(file.split('\n')[0]);
  const name = await readFile(`/proc/${postmaster}/comm`, 'utf8').catch(() => '');
  // A server elsewhere has process numbers too, and here they are somebody else's.
  if (name.trim() !== 'postgres') return undefined;
  return async () => {
    const times = await Promise.all((await childrenOf(postmaster)).map(workOf));
    return times.reduce((sum, time) => sum + time, await workOfEnded(postmaster));
  };
}

async function childrenOf(parent) {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const isChild = async (pid) => Number((await statOf(pid))[1]) === parent;
  const isOne = await Promise.all(pids.map(isChild));
  return pids.filter((_, at) => isOne[at]);
}

/** The fields of a process's stat file from its state on. */
async function statOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name of the program, in parentheses, may have anything in it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Of the processes that have ended: fields cutime and cstime, in hundredths of a second. */
async function workOfEnded(parent) {
  const [cutime, cstime] = (await statOf(parent)).slice(13, 15);
  return (Number(cutime) + Number(cstime)) * 10_000;
}

/** The first number of the schedstat file: nanoseconds on a processor. */
async function workOf(pid) {
  const text = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '0');
  return Number(text.split(' ')[0]) / 1_000;
}
