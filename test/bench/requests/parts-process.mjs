import { AsyncLocalStorage } from 'node:async_hooks';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { NestFactory, Reflector } from '@nestjs/core';
import { TenantMiddleware, TenantService } from 'nestjs-tenancy';
import { RouteTenancyGuard } from '../../../libs/tenancy/dist/resolution/route-tenancy.guard.js';
import { TenantGuard } from '../../../libs/tenancy/dist/resolution/tenant.guard.js';
import { answerCalls } from '../process/answer-calls.mjs';
import { describeApplication } from './application.mjs';

const TENANT = 'tenant0';
const REPEATS = 9;

answerCalls({
  /** Nanoseconds of what is done for each request, so many times in a row; each without what makes the request. */
  measure: async ({ times }) => {
    const { module } = describeApplication('nestjs-tenancy', 'Express', 'header');
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    await app.get(TenantService, { strict: false }).getTenant(TENANT);
    const middleware = app.get(TenantMiddleware, { strict: false });
    const first = new RouteTenancyGuard(new Reflector(), undefined);
    const guard = new TenantGuard(new Reflector(), undefined);
    const storage = new AsyncLocalStorage();
    const nothing = () => undefined;
    const work = {
      request: () => exchange(),
      storage: () => exchange() && storage.run({ id: TENANT }, nothing),
      middleware: () => middleware.use(...exchange(), nothing),
      guard: () => first.canActivate(execution) && guard.canActivate(execution),
    };
    const taken = Object.fromEntries(Object.keys(work).map((name) => [name, Infinity]));
    // Within a scope, which the guard asks for.
    middleware.use(...exchange(), () => {
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        // What the machine does meanwhile is not theirs: the least counts.
        for (const [name, run] of Object.entries(work)) taken[name] = Math.min(taken[name], nanoseconds(run, times));
      }
    });
    await app.close();
    const { request, ...rest } = taken;
    return {
      node: process.versions.node,
      nanoseconds: { ...rest, storage: rest.storage - request, middleware: rest.middleware - request },
    };
  },
});

function nanoseconds(run, times) {
  const began = process.hrtime.bigint();
  for (let i = 0; i < times; i += 1) run();
  return Number(process.hrtime.bigint() - began) / times;
}

const socket = new Socket();
class Handlers {
  handle() {}
}
const execution = {
  getClass: () => Handlers,
  getHandler: () => Handlers.prototype.handle,
  getType: () => 'http',
};

/** What Node makes of a request with three headers. */
function exchange() {
  const request = new IncomingMessage(socket);
  request.url = '/who';
  // As Node's parser does: what becomes of them is read when they are asked for.
  request._addHeaderLines(['Host', 'localhost:3000', 'Connection', 'keep-alive', 'X-Tenant-ID', TENANT], 6);
  const response = new ServerResponse(request);
  // As Express does before anything else.
  response.setHeader('X-Powered-By', 'Express');
  return [request, response];
}
