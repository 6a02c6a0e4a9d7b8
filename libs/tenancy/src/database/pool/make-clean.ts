import type { BoundClient } from '../binding/bound-client.js';
import { requestCancel } from './cancel-request.js';

// How long a statement that still runs when its connection is given back may take to end by itself, and how long once the
// server was asked to cancel it.
const PATIENCE_MS = 1_000;

/** Waits for what a connection still does, and clears its session. Throws where it cannot be made clean. */
export async function makeClean(client: BoundClient): Promise<void> {
  if (!client.isSettled && !(await settles(client))) {
    requestCancel(client);
    if (!(await settles(client))) throw new Error('A statement goes on, though it was cancelled.');
  }
  await client.clean();
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
