import type { ExecutionContext } from '@nestjs/common';

/**
 * By the arguments, which are one array for the hooks, the guards and the interceptors of one handler, and nobody else's: the
 * scope that happens to be open is that of whoever opened the connection. One for the process: several applications in it
 * have the same classes, and so the same guards.
 */
const opened = new WeakSet<unknown[]>();

/** Remembers that a scope was opened for a message, on its way to one handler. */
export function markOpened(context: ExecutionContext): void {
  opened.add(context.getArgs());
}

/** Whether a scope was opened for the message that a guard stands before. */
export function isOpened(context: ExecutionContext): boolean {
  return opened.has(context.getArgs());
}
