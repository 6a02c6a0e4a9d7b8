import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InMemoryTenantStore } from 'nestjs-tenancy';
import { TenantConfigConflictError } from 'nestjs-tenancy';
import { listenOnFreePort } from './listen.js';

export const REGISTRY_TOKEN = 'a-token-of-the-registry';

export interface Registry {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** Answers as the tenant management service does, from a list. */
export async function startRegistry(tenants: InMemoryTenantStore, port = 0): Promise<Registry> {
  const asked: string[] = [];

  async function answer(request: IncomingMessage): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://registry');
    asked.push(url.pathname);
    const [, what, id, config] = url.pathname.split('/').map(decodeURIComponent);
    if (what === 'health') return { status: 'ok' };
    if (request.headers.authorization !== `Bearer ${REGISTRY_TOKEN}`) throw new Error('unauthenticated');
    if (what === 'domains') return tenants.findByDomain(id);
    if (id === undefined) {
      return tenants.list({
        limit: Number(url.searchParams.get('limit')),
        offset: Number(url.searchParams.get('offset')),
      });
    }
    if (config === 'config') {
      const ifVersion = request.headers['if-match']?.slice(1, -1);
      return tenants.updateConfig(id, await bodyOf(request), { ifVersion });
    }
    return tenants.findById(id);
  }

  const server = await listenOnFreePort((request, response) => {
    answer(request).then(
      (body) => reply(response, body === undefined ? 404 : 200, body ?? { code: 'TENANT_NOT_FOUND' }),
      (error: unknown) => {
        const isConflict = error instanceof TenantConfigConflictError;
        reply(response, isConflict ? 409 : 500, isConflict ? { code: error.code } : {});
      },
    );
  }, port);
  return { url: server.url, asked, stop: server.stop };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
  return JSON.parse(text) as Record<string, unknown>;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', etag: '"a version"' }).end(JSON.stringify(body));
}
