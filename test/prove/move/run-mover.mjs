import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('move-process.mjs', import.meta.url));

/**
 * Moves the tenant in another process, and kills that some milliseconds after an event; without one it is left alone. Tells
 * whether it was killed, and what it said last otherwise.
 */
export async function runMover(options, kill) {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let last;
  let isAimed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line);
    if (!kill || isAimed || last.type !== kill.after) continue;
    isAimed = true;
    void Promise.race([delay(kill.milliseconds), exited]).then(() => child.kill('SIGKILL'));
  }
  const [, signal] = await exited;
  const isKilled = signal === 'SIGKILL';
  if (!isKilled && last?.type !== 'report' && last?.type !== 'error') throw new Error('The mover ended by itself.');
  return { isKilled, last };
}
