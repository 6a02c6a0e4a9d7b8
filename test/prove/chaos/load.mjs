import { setTimeout as delay } from 'node:timers/promises';
import { describe, isExpected } from './faults.mjs';
import { OPERATIONS } from './operations.mjs';
import { pick } from '../support/random.mjs';

const WORKERS = 16;
/** Longer than any pause and any wait for a connection: what takes longer is taken to last for ever. */
const PATIENCE_MS = 15_000;
const NAMES = Object.keys(OPERATIONS);

/** Users of all tenants who work without a pause on `world.system`, whichever that is at the moment. */
export class Load {
  /** When each operation that succeeded did so, in milliseconds of performance.now(). */
  successes = [];
  failures = [];
  wrongRows = 0;
  /** The operations that neither succeeded nor failed, and how often. */
  unended = {};
  /** Each error, and how often. */
  expected = {};
  unexpected = {};
  #world;
  #isRunning = false;
  #workers;

  constructor(world) {
    this.#world = world;
  }

  start() {
    this.#isRunning = true;
    this.#workers = Promise.all(Array.from({ length: WORKERS }, () => this.#work(this.#world)));
  }

  /** Lets everybody finish what he does. */
  async stop() {
    this.#isRunning = false;
    await this.#workers;
  }

  async #work(world) {
    while (this.#isRunning) {
      const name = pick(world.random, NAMES);
      const tenant = pick(world.random, world.tenants);
      const owns = (owner) => (this.wrongRows += owner === tenant.id ? 0 : 1);
      const { system, ledger } = world;
      const ended = await within(PATIENCE_MS, this.#settle(name, { system, ledger, tenant, owns }));
      if (!ended) tally(this.unended, name);
    }
  }

  async #settle(name, options) {
    try {
      await OPERATIONS[name](options);
      this.successes.push(performance.now());
    } catch (error) {
      const text = `${describe(error)} (${name})`;
      this.failures.push({ at: performance.now(), text });
      tally(isExpected(error) ? this.expected : this.unexpected, text);
      // Who is refused at once would otherwise keep the event loop from those who wait.
      await delay(5);
    }
    return true;
  }
}

function tally(counts, what) {
  counts[what] = (counts[what] ?? 0) + 1;
}

async function within(milliseconds, work) {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
