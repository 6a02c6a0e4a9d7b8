import type { BoundClient } from '../binding/bound-client.js';
import { requestCancel } from './cancel-request.js';

// How long a statement that still runs when its connection is given back may take to end by itself, and how long once the
// server was asked to cancel it.
const PATIENCE_MS = 1_000;
// How long the server may take to clear a session. It is done in less than a millisecond.
const CLEARING_MS = 5_000;

/** Waits for what a connection still does, and clears its session. Throws where it cannot be made clean. */
export async function makeClean(client: BoundClient): Promise<void> {
  if (!client.isSettled && !(await settles(client))) await cancel(client);
  await inTime(client.clean(), CLEARING_MS, 'The session was not cleared in time.');
}

/** Lets nothing go on at the server for a connection that is closed: that alone would not stop it. */
export function abandon(client: BoundClient): void {
  if (client.isSettled || client.isBroken) return;
  client.refuseWaiting();
  // Whether or not it arrives: nobody has the connection next.
  void requestCancel(client);
}

async function cancel(client: BoundClient): Promise<void> {
  if (client.isBroken) throw new Error('The connection is lost.');
  client.refuseWaiting();
  // A cancellation that is still on its way would meet the statement of whoever has the connection next.
  const arrived = inTime(requestCancel(client), PATIENCE_MS, 'It is not known whether the cancellation arrived.');
  const [settled] = await Promise.all([settles(client), arrived]);
  if (!settled) throw new Error('A statement goes on, though it was cancelled.');
}

/** Whether a connection ends what it does in time. */
async function settles(client: BoundClient): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      client.off('drain', settle).off('error', settle);
      resolve(client.isSettled);
    };
    const timer = setTimeout(settle, PATIENCE_MS);
    client.once('drain', settle).once('error', settle);
  });
}

async function inTime<T>(work: Promise<T>, milliseconds: number, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
