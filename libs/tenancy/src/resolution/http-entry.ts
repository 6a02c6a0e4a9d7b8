import type { EventEmitter } from 'node:events';
import type { HttpServer } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { TenantMiddleware } from './tenant.middleware.js';
import type { TenantRequest } from './tenant-request.js';
import type { VaryingAnswer } from './vary-by.js';

/**
 * Brings requests to the middleware by the shortest way there is: Fastify's own `onRequest` hook, or `use()` of Express. Nest's
 * middleware costs each request a match of its path, and on Fastify a bridge to Express's world as well.
 *
 * Both are mounted while the application starts, so that whatever it mounted in its main.ts, an authentication above all, has
 * run before. Nest's middleware has an order of its own, by modules: where any module has some, the module takes its place
 * among it, and what comes before and after tenancy is what its imports say.
 */
export class HttpEntry {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly modules: ModulesContainer,
    private readonly middleware: TenantMiddleware,
  ) {}

  /** @returns whether requests come by here now; else the middleware has to be mounted as one. */
  mount(own: object): boolean {
    const adapter = this.adapterHost.httpAdapter as HttpServer | undefined;
    for (const { instance } of this.modules.values()) {
      if (instance === own || typeof (instance as { configure?: unknown } | undefined)?.configure !== 'function')
        continue;
      // Middleware has Node's response alone, and what Fastify's reply says of `Vary` (for CORS, say) takes the place of that.
      if (adapter?.getType?.() === 'fastify') {
        (adapter.getInstance() as FastifyLike).addHook('onRequest', (_request, reply, done) => {
          this.middleware.tell(reply);
          done();
        });
        // After Nest's middleware, which a hook of the adapter's has begun by now.
        this.mountOnFastify(adapter.getInstance() as FastifyLike);
      }
      return false;
    }
    switch (adapter?.getType?.()) {
      case 'fastify':
        return this.mountOnFastify(adapter.getInstance() as FastifyLike);
      case 'express':
        return this.mountOnExpress(adapter);
      default:
        return false;
    }
  }

  /**
   * Once more, behind all middleware and routes of Nest: what is mounted on the adapter afterwards, as GraphQL is, may lie outside
   * of the global prefix, where Nest's middleware is not asked. Who has come by it keeps his tenant.
   */
  mountLast(): void {
    const adapter = this.adapterHost.httpAdapter as HttpServer | undefined;
    if (adapter?.getType?.() === 'express') this.mountOnExpress(adapter);
  }

  private mountOnExpress(express: HttpServer): boolean {
    express.use((request: TenantRequest, response: EventEmitter & VaryingAnswer, next: () => void) =>
      this.middleware.use(request, response, next),
    );
    return true;
  }

  private mountOnFastify(fastify: FastifyLike): boolean {
    fastify.addHook('onRequest', (request, reply, done) => {
      const { raw } = request;
      // A hook leaves the caller on Fastify's request, where a resolver that is given Node's own would not find him.
      if (raw.user === undefined && request.user !== undefined && request.user !== null) raw.user = request.user;
      this.middleware.use(raw, reply.raw, done, reply);
    });
    return true;
  }
}

interface FastifyLike {
  addHook(name: 'onRequest', hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void): unknown;
}

interface FastifyRequest {
  readonly raw: TenantRequest & { user?: unknown };
  readonly user?: unknown;
}

interface FastifyReply extends VaryingAnswer {
  readonly raw: EventEmitter & VaryingAnswer;
}
