import type { ModulesContainer } from '@nestjs/core';
import { runInScope } from '../context/tenancy-scope.js';

/** What is used of a server of @nestjs/microservices. */
interface MessageServer {
  listen(callback: (...args: unknown[]) => void): unknown;
}

/**
 * Lets each server of messages open its connection outside every scope: what comes by a connection is told in the context in
 * which that was opened, and one that is started in a request would lend the request's tenant to whatever runs before the
 * message has its own, or has none.
 */
export function listenOutside(modules: ModulesContainer): void {
  modules.getRpcTargetRegistry<MessageServer>().subscribe((server) => {
    const { listen } = server;
    server.listen = (callback) => runInScope(undefined, () => listen.call(server, callback));
  });
}
