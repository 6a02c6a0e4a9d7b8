import { createServer } from 'node:net';

/** The port cannot be listened on: something else does, or this user may not. */
export class PortUnavailableError extends Error {
  constructor(
    readonly port: number,
    /** What the user sets to choose another port, an environment variable or an option. */
    readonly variable: string,
    options?: ErrorOptions,
  ) {
    const denied = (options?.cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES';
    super(
      denied
        ? `This user may not listen on port ${port}. Set ${variable} to one above 1023.`
        : `Port ${port} is taken. Stop what listens there, or set ${variable} to another.`,
      options,
    );
    this.name = 'PortUnavailableError';
  }
}

/** {@link PortUnavailableError} for the failures to listen that name a port; anything else as it came. */
export function describeListenError(error: Error, port: number, variable: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES'
    ? new PortUnavailableError(port, variable, { cause: error })
    : error;
}

/**
 * Throws {@link PortUnavailableError} when `port` cannot be listened on. Says so before anything is started; whoever
 * listens afterwards can still lose the race for it.
 */
export async function assertPortFree(port: number, variable: string): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`${variable} is ${port}, which is no port. Set it to a whole number from 0 to 65535.`);
  }
  // Both addresses: macOS lets a second server have all of them while the first one holds 127.0.0.1.
  for (const host of ['127.0.0.1', undefined]) {
    await listenOnce(port, host).catch((error: Error) => {
      throw describeListenError(error, port, variable);
    });
  }
}

/** A port of 127.0.0.1 that was free when asked. */
export function findFreePort(): Promise<number> {
  return listenOnce(0, '127.0.0.1');
}

function listenOnce(port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
