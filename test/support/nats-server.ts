import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { findFreePort } from '../../apps/sandbox/src/ports.js';

export const hasNats = spawnSync('nats-server', ['--version']).status === 0;

export interface NatsServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A NATS server of its own on a free port, once it is ready. */
export async function startNats(): Promise<NatsServer> {
  const port = await findFreePort();
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  for await (const chunk of child.stderr) {
    log += String(chunk);
    if (log.includes('Server is ready')) break;
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
