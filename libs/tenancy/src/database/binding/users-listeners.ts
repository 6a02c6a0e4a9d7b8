import type { EventEmitter } from 'node:events';

/** What the server says on a connection beside its answers. */
const HEARD = ['notice', 'notification'] as const;
const NONE: ReadonlySet<unknown> = new Set();

/** The listeners that the user of a connection adds to it: they go with him, or they would hear what the next one is told. */
export class UsersListeners {
  private others: ReadonlySet<unknown> = NONE;

  constructor(private readonly emitter: EventEmitter) {}

  /** Those that are there now are not the next user's. */
  begin(): void {
    const { emitter } = this;
    const isHeard = HEARD.some((event) => emitter.listenerCount(event) > 0);
    this.others = isHeard ? new Set(HEARD.flatMap((event) => emitter.listeners(event))) : NONE;
  }

  /** Takes off those that came since. */
  end(): void {
    const { emitter, others } = this;
    for (const event of HEARD) {
      if (emitter.listenerCount(event) === 0) continue;
      for (const listener of emitter.listeners(event)) {
        if (!others.has(listener)) emitter.off(event, listener as () => void);
      }
    }
  }
}
