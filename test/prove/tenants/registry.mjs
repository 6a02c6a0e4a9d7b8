import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('registry-process.mjs', import.meta.url));

/** The process of a tenant management service, to be killed, stopped and told what to do. */
export class Registry {
  #child;
  #port = 0;
  #tenantCount;

  constructor(tenantCount) {
    this.#tenantCount = tenantCount;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it; again at the address that it had. */
  async start() {
    this.#child = fork(PROGRAM, [String(this.#port), String(this.#tenantCount)], { stdio: 'inherit' });
    const [{ port }] = await once(this.#child, 'message');
    this.#port = port;
  }

  async kill() {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  pause() {
    this.#child.kill('SIGSTOP');
  }

  resume() {
    this.#child.kill('SIGCONT');
  }

  async set(state) {
    await this.#send({ set: state });
  }

  /** How often it was asked since it was told to forget that, and by how many at once at most. */
  async calls() {
    return (await this.#send({ ask: true })).calls;
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await this.kill();
  }

  async #send(message) {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    return (await answer)[0];
  }
}
