import { Logger } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { runAndKeepScope } from '../context/keep-scope.js';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { runInScope } from '../context/tenancy-scope.js';
import { TenancyError, TenantConflictError, TenantContextMissingError } from '../tenancy.errors.js';
import { andThen, isThenable } from './and-then.js';
import type { RequestScopes } from './request-scopes.js';
import { handshakeOf, holdMessages, isConnected, keepHandshake } from './socket-handshake.js';
import { endSocket, keepInSession, tenantOfSession } from './socket-sessions.js';

type AnyFunction = (...args: unknown[]) => unknown;

/** What is used of a WebSocket adapter of Nest. */
interface SocketAdapter {
  bindClientConnect(server: unknown, callback: AnyFunction): unknown;
  bindClientDisconnect?(client: object, callback: AnyFunction): unknown;
  bindMessageHandlers(client: object, handlers: readonly MessageHandler[], transform: AnyFunction): unknown;
}

interface MessageHandler {
  readonly callback: AnyFunction;
}

/**
 * Gives each message of a socket a scope, with its guards, interceptors and filters. The tenant is the handshake's, found by
 * the resolvers of requests, and stays the socket's; with each message it is looked up again.
 *
 * Nest has no place before the guards of a gateway but the adapter: its three methods that hand out callbacks are wrapped,
 * whichever adapter the application sets.
 */
export class SocketScopes {
  private readonly logger = new Logger('TenancyModule');
  /** What each socket's handshake says, or will say. */
  private readonly handshakes = new WeakMap<object, TenancyScope | PromiseLike<TenancyScope>>();
  /** What a gateway hears of a socket in: its beginning and its end. */
  private readonly scopesOfSockets = new WeakMap<object, TenancyScope>();
  /** The tenant that each socket has, from the first time on that it had one. */
  private readonly tenants = new WeakMap<object, string>();

  constructor(
    config: ApplicationConfig,
    private readonly scopes: RequestScopes,
  ) {
    const { setIoAdapter } = config;
    config.setIoAdapter = (adapter) => setIoAdapter.call(config, this.bind(adapter as SocketAdapter) as typeof adapter);
    const set = config.getIoAdapter() as ReturnType<ApplicationConfig['getIoAdapter']> | null;
    if (set) config.setIoAdapter(set);
  }

  private bind(adapter: SocketAdapter): SocketAdapter {
    const { bindClientConnect, bindClientDisconnect, bindMessageHandlers } = adapter;
    adapter.bindClientConnect = (server, callback) =>
      bindClientConnect.call(adapter, server, (...args) => this.connect(args, callback));
    if (bindClientDisconnect) {
      adapter.bindClientDisconnect = (client, callback) =>
        bindClientDisconnect.call(adapter, client, (...args) =>
          runInScope(this.scopesOfSockets.get(client), () => callback(...args)),
        );
    }
    adapter.bindMessageHandlers = (client, handlers, transform) =>
      bindMessageHandlers.call(
        adapter,
        client,
        handlers.map((handler) => this.bindHandler(client, handler)),
        transform,
      );
    return adapter;
  }

  /** Lets a gateway know of a socket once its tenant is known. */
  private connect(args: unknown[], callback: AnyFunction): void {
    const client = args[0] as object;
    keepHandshake(client, args[1]);
    // One for all gateways that share a server: they have to hear of a socket right after one another.
    const scope = this.handshakes.get(client) ?? this.begin(client);
    this.handshakes.set(client, scope);
    const enter = (found: TenancyScope): void => {
      this.scopesOfSockets.set(client, found);
      // Who has gone meanwhile was never there: nobody would be told of his end.
      if (isConnected(client)) runInScope(found, () => callback(...args));
    };
    if (!isThenable(scope)) return enter(scope);
    const release = holdMessages(client);
    void Promise.resolve(scope).then(enter).finally(release);
  }

  private begin(client: object): TenancyScope | PromiseLike<TenancyScope> {
    const earlier = tenantOfSession(client);
    if (earlier !== undefined) this.tenants.set(client, earlier);
    keepInSession(client, () => this.tenants.get(client));
    return andThen(this.open(client), (found) => {
      const scope = this.agreed(client, found);
      // It is in the rooms of the tenant that it was: refusing what it sends would leave it listening there.
      if (earlier !== undefined && scope.tenant?.id !== earlier) endSocket(client);
      return scope;
    });
  }

  private bindHandler(client: object, handler: MessageHandler): MessageHandler {
    const callback: AnyFunction = (...args) =>
      andThen(this.open(client), (scope) =>
        runAndKeepScope(this.agreed(client, scope), () => handler.callback(...args)),
      );
    return { ...handler, callback };
  }

  private open(client: object): TenancyScope | PromiseLike<TenancyScope> {
    const request = handshakeOf(client);
    if (!request) {
      const how = 'The handshake of this socket cannot be read: use the WebSocket adapter of socket.io or of ws.';
      return { refusal: new TenantContextMissingError(how) };
    }
    try {
      const scope = this.scopes.openSocket(request);
      return isThenable(scope) ? scope.then(undefined, (error: unknown) => this.failed(error)) : scope;
    } catch (error) {
      return this.failed(error);
    }
  }

  /** A socket that has a tenant keeps it: what an authentication says later may not make it another's, or nobody's. */
  private agreed(client: object, scope: TenancyScope): TenancyScope {
    const bound = this.tenants.get(client);
    const id = scope.tenant?.id;
    if (bound === undefined) {
      if (id !== undefined) this.tenants.set(client, id);
      return scope;
    }
    if (id === bound || scope.refusal) return scope;
    if (id === undefined)
      return { refusal: new TenantContextMissingError(`This socket is ${bound}'s; now it names no tenant.`) };
    return {
      refusal: new TenantConflictError([
        ['the handshake', bound],
        ['the message', id],
      ]),
    };
  }

  /** What a resolver throws must not end the socket's stream of messages, nor the process. */
  private failed(error: unknown): TenancyScope {
    if (error instanceof TenancyError) return { refusal: error };
    this.logger.error('A socket’s tenant could not be found.', error instanceof Error ? error.stack : error);
    return {
      refusal: new TenantContextMissingError('The tenant of this socket could not be found: a resolver failed.'),
    };
  }
}
