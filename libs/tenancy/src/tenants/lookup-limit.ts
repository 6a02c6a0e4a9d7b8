import { TenantServiceUnavailableError } from '../tenancy.errors.js';

/** Lets so many run at once, and so many wait for their turn; one more is refused at once. */
export class LookupLimit {
  running = 0;
  // In the order of their arrival; one that waited too long leaves from the middle.
  private readonly queue = new Set<() => void>();

  constructor(
    private readonly max: number,
    private readonly maxWaiting: number,
  ) {}

  get waiting(): number {
    return this.queue.size;
  }

  /**
   * Does the work when it is its turn. Throws `TenantServiceUnavailableError` where too many wait, or where its turn does
   * not come within `maxWait` milliseconds.
   */
  async run<T>(work: () => Promise<T>, maxWait: number): Promise<T> {
    if (this.running < this.max) this.running += 1;
    else await this.turn(maxWait);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private turn(maxWait: number): Promise<void> {
    if (this.queue.size >= this.maxWaiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.queue.delete(enter);
        reject(overloaded());
      }, maxWait);
      this.queue.add(enter);
    });
  }

  /** Hands the place on: it is never free while somebody waits. */
  private leave(): void {
    const [next] = this.queue;
    if (!next) {
      this.running -= 1;
      return;
    }
    this.queue.delete(next);
    next();
  }
}

function overloaded(): TenantServiceUnavailableError {
  return new TenantServiceUnavailableError(
    'Too many tenants that this process does not know are being looked up at once (cache.maxLookups, cache.maxWaiting).',
  );
}
