import { setTimeout as delay } from 'node:timers/promises';
import { outsideScopes } from './outside-scopes.js';
import type { TenantChangeListener, TenantWatch } from './tenant-store.js';

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
// Where there is nothing to listen to, somebody has to mend it first.
const PAUSE_WITHOUT = 60_000;
// What breaks off sooner has not mended anything.
const STEADY = 5_000;

/** There is no channel of changes here: asking again soon is of no use. */
export class NoChannelError extends Error {}

/** One connection to whoever tells of changes. */
export interface ChangeChannel {
  /** Ends the connection. */
  readonly signal: AbortSignal;
  changed(id: string): void;
  /** Every change from here on is told. */
  ready(): void;
  /** The other end does not hear of changes itself now. */
  lost(reason: Error): void;
}

/**
 * Keeps a connection that tells of changes, and makes another one when it ends: at once, then after pauses that double up to 5
 * seconds, at random, so that instances which lost it together do not come back together.
 */
export function keepWatching(
  listener: TenantChangeListener,
  connect: (channel: ChangeChannel) => Promise<void>,
): TenantWatch {
  const stop = new AbortController();
  // Whoever starts it may be in a request's scope: nothing of it may live on here.
  const over = outsideScopes(() => watch(listener, connect, stop.signal));
  return {
    close: async () => {
      stop.abort();
      await over;
    },
  };
}

async function watch(
  listener: TenantChangeListener,
  connect: (channel: ChangeChannel) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    let readyAt: number | undefined;
    const ready = (): void => {
      readyAt ??= performance.now();
      listener.resumed();
    };
    const channel: ChangeChannel = {
      // One of its own: what is added to the one that lasts would never be taken away.
      signal: AbortSignal.any([signal]),
      ready,
      changed: (id) => listener.changed(id),
      lost: (cause) => listener.lost(cause),
    };
    const reason = await connect(channel).then(
      () => new Error('The connection that tells of changes was ended by the other side.'),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    if (signal.aborted) return;
    listener.lost(reason);
    if (readyAt !== undefined && performance.now() - readyAt > STEADY) failures = 0;
    // Neither a test nor a script waits for it.
    await delay(pauseAfter(reason, failures), undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function pauseAfter(reason: Error, failures: number): number {
  const longest =
    reason instanceof NoChannelError
      ? PAUSE_WITHOUT
      : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 10));
  return longest * (0.5 + Math.random() / 2);
}
