import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { InMemoryTenantStore } from 'nestjs-tenancy';
import { configVersionOf, TenantConfigConflictError, TenantNotFoundError } from 'nestjs-tenancy';

export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A real HTTP server on a free port. */
export async function startServer(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The routes of a tenant management service, over a store in memory. */
export function serveTenants(store: InMemoryTenantStore): RequestListener {
  return (request, response) => {
    void answer(store, request).then(
      (body) => {
        const changed = request.method === 'PATCH' && body !== undefined;
        response.writeHead(body === undefined ? 404 : 200, {
          'content-type': 'application/json',
          ...(changed ? { etag: `"${configVersionOf(body as Record<string, unknown>)}"` } : {}),
        });
        response.end(JSON.stringify(body ?? { code: 'TENANT_NOT_FOUND' }));
      },
      (error: unknown) => {
        const isRefusal = error instanceof TenantConfigConflictError || error instanceof TenantNotFoundError;
        const status = error instanceof TenantConfigConflictError ? 409 : isRefusal ? 404 : 500;
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(isRefusal ? { code: error.code } : {}));
      },
    );
  };
}

async function answer(store: InMemoryTenantStore, request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [collection, name, property] = url.pathname.split('/').slice(1).map(decodeURIComponent);
  if (request.method === 'PATCH' && collection === 'tenants' && property === 'config') {
    const patch = (await json(request)) as Record<string, unknown>;
    const ifVersion = request.headers['if-match']?.slice(1, -1);
    return (await store.updateConfig(name, patch, { ifVersion })).config;
  }
  if (request.method !== 'GET' || property !== undefined) return undefined;
  if (collection === 'domains') return store.findByDomain(name);
  if (collection !== 'tenants') return undefined;
  if (name !== undefined) return store.findById(name);
  return store.list({
    limit: Number(url.searchParams.get('limit')),
    offset: Number(url.searchParams.get('offset')),
  });
}
