import { setTimeout as delay } from 'node:timers/promises';
import { tenancyErrorOf } from 'nestjs-tenancy';
import { Counter, Note } from './service.mjs';

/** Clients who write through the library's own repositories, as fast as they are answered, and remember each answer. */
export class Writers {
  acknowledged = new Set();
  refused = new Set();
  increments = new Map();
  failures = new Map();
  #next = 0;
  #isOver = false;
  #isPaused = false;
  #atWork = 0;
  #all = [];
  #firstRefusal;
  #lastRefusal;

  constructor(service, count) {
    this.service = service;
    for (let id = 1; id <= count; id += 1) {
      this.increments.set(id, 0);
      this.#all.push(this.#work(id));
    }
  }

  /** How long they were refused since the last time, in milliseconds: from the first one to the last one. */
  takeRefusedTime() {
    const time = this.#firstRefusal === undefined ? 0 : this.#lastRefusal - this.#firstRefusal;
    this.#firstRefusal = undefined;
    return time;
  }

  /** Waits until all of them have had their answer. */
  async pause() {
    this.#isPaused = true;
    while (this.#atWork > 0) await delay(5);
  }

  goOn() {
    this.#isPaused = false;
  }

  async end() {
    this.#isOver = true;
    await Promise.all(this.#all);
  }

  async #work(id) {
    while (!this.#isOver) {
      if (this.#isPaused) await delay(5);
      else {
        this.#atWork += 1;
        await this.#writeOnce(id);
        this.#atWork -= 1;
      }
    }
  }

  async #writeOnce(id) {
    const keys = [this.#key(), this.#key()];
    const { context, dataSource } = this.service;
    try {
      await context.run('acme', () =>
        // Two notes and a count: all of it, or nothing.
        dataSource.transaction(async (manager) => {
          await manager.getRepository(Note).insert(keys.map((key) => ({ key, body: 'written meanwhile' })));
          await manager.getRepository(Counter).increment({ id }, 'count', 1);
        }),
      );
      for (const key of keys) this.acknowledged.add(key);
      this.increments.set(id, this.increments.get(id) + 1);
    } catch (error) {
      this.#note(error, keys);
      await delay(5);
    }
  }

  #note(error, keys) {
    for (const key of keys) this.refused.add(key);
    const code = tenancyErrorOf(error)?.code ?? String(error);
    if (code === 'TENANT_READ_ONLY') {
      this.#lastRefusal = performance.now();
      this.#firstRefusal ??= this.#lastRefusal;
    } else this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  #key() {
    this.#next += 1;
    return `key ${this.#next}`;
  }
}
