import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from '../testing/test-service.js';

describe('the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service?.stop());

  it.each(['/health', '/health/'])('says to anybody whether it can work: %s', async (path) => {
    const answer = await service.call('GET', path, { as: 'nobody' });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        details: { database: { status: 'up' }, queue: { status: 'up' }, 'tenant-management': { status: 'up' } },
      },
    });
  });

  it('describes itself to anybody', async () => {
    expect((await service.call('GET', '/docs', { as: 'nobody' })).status).toBe(200);
    const { body } = await service.call('GET', '/docs-json', { as: 'nobody' });
    const document = body as unknown as {
      paths: Record<
        string,
        Record<string, { parameters?: Array<{ name: string }>; responses: object; requestBody?: object }>
      >;
      components: { securitySchemes: object; schemas: object };
    };
    expect(Object.keys(document.paths).sort()).toEqual([
      '/config',
      '/health',
      '/messages',
      '/messages/{id}',
      '/templates',
      '/templates/{id}',
      '/tenant',
      '/tenants/{tenantId}/config',
      '/tenants/{tenantId}/messages',
      '/tenants/{tenantId}/messages/{id}',
      '/tenants/{tenantId}/templates',
      '/tenants/{tenantId}/templates/{id}',
      '/tenants/{tenantId}/tenant',
    ]);
    expect(JSON.stringify(document.paths['/tenants/{tenantId}/tenant'])).toContain('"name":"tenantId"');
    for (const path of ['/messages', '/templates']) {
      const { get } = document.paths[path];
      expect(get.parameters?.map(({ name }) => name).sort()).toEqual(['X-Tenant-ID', 'cursor', 'limit']);
      expect(JSON.stringify(get.responses)).not.toContain('"body"');
    }
    const { post } = document.paths['/messages'];
    expect(post.parameters?.map(({ name }) => name).sort()).toEqual(['Idempotency-Key', 'X-Tenant-ID']);
    expect(Object.keys(post.responses)).toEqual(
      expect.arrayContaining(['202', '400', '401', '404', '409', '413', '503']),
    );
    expect(JSON.stringify(post.requestBody)).toContain('templateId');
    expect(document.components.securitySchemes).toHaveProperty('bearer');
    expect(document.components.schemas).toHaveProperty('Problem');
  });
});
