import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('run-process.mjs', import.meta.url));
/** A tenant takes some of these; the moment of the kill is drawn from them too. */
const MAX_DELAY = 30;

/**
 * Begins run after run, each in a process of its own, and kills it at a random moment; where all tenants are done before that,
 * the next run has one migration more. Then one that is left alone. Returns the version that all have to be at.
 */
export async function killRuns({ url, count, kills, random, onKill }) {
  let version = 2;
  for (let killed = 0; killed < kills;) {
    const options = { canary: 0, replay: random() < 0.5, transaction: random() < 0.5 ? 'all' : 'each' };
    const share = Math.floor(random() * Math.max(1, count / 4));
    const isKilled = await killedRun({ url, count, version, options }, share, random() * MAX_DELAY);
    if (isKilled) {
      killed += 1;
      onKill(killed);
    } else version += 1;
  }
  const left = start({ url, count, version, options: {} });
  const [code] = await once(left, 'exit');
  return { version, isFinished: code === 0 };
}

/** Ends a run with -9 some milliseconds after so many tenants. Tells whether it was still running. */
async function killedRun(run, tenants, milliseconds) {
  const child = start(run);
  const exited = once(child, 'exit');
  let done = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    done += 1;
    if (done > tenants) break;
  }
  await Promise.race([delay(milliseconds), exited]);
  child.kill('SIGKILL');
  const [code, signal] = await exited;
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`A run failed by itself, with code ${code}.`);
  return signal === 'SIGKILL';
}

function start(run) {
  return spawn(process.execPath, [SCRIPT, JSON.stringify(run)], { stdio: ['ignore', 'pipe', 'inherit'] });
}
