import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assertPortFree, findFreePort, PortUnavailableError } from './ports.js';

async function listen(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('a port', () => {
  it('that is free passes, and stays free', async () => {
    const port = await findFreePort();

    await assertPortFree(port, 'PORT');
    await assertPortFree(port, 'PORT');
  });

  it.each(['127.0.0.1', '0.0.0.0'])('that a server has on %s is refused, with what to do', async (host) => {
    const port = await listen(host);

    const refusal = assertPortFree(port, 'MAILBOX_PORT');

    await expect(refusal).rejects.toThrow(PortUnavailableError);
    await expect(refusal).rejects.toThrow(
      `Port ${port} is taken. Stop what listens there, or set MAILBOX_PORT to another.`,
    );
  });

  it('that this user may not listen on is refused, with what to do', () => {
    const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });

    expect(new PortUnavailableError(80, 'PORT', { cause: denied }).message).toBe(
      'This user may not listen on port 80. Set PORT to one above 1023.',
    );
  });

  it.each([Number.NaN, 3.5, -1, 65_536])('that is none, %s, is refused', async (port) => {
    await expect(assertPortFree(port, 'PORT')).rejects.toThrow(`PORT is ${port}, which is no port.`);
  });
});
