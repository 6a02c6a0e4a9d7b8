import { describe, expect, it } from 'vitest';
import { useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there
async function description(): Promise<any> {
  return (await fetch(`${registry.url}/docs-json`)).json();
}

describe('the documentation', () => {
  it('is there for people, without a token', async () => {
    const answer = await fetch(`${registry.url}/docs`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('swagger-ui');
  });

  it('describes every route', async () => {
    const { paths } = await description();
    const routes = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual([
      'DELETE /tenants/{id}',
      'GET /audit',
      'GET /changes',
      'GET /domains/{domain}',
      'GET /drops',
      'GET /health',
      'GET /tenants',
      'GET /tenants/{id}',
      'GET /tenants/{id}/audit',
      'GET /tenants/{id}/config',
      'PATCH /tenants/{id}',
      'PATCH /tenants/{id}/config',
      'POST /tenants',
      'POST /tenants/{id}/archive',
      'POST /tenants/{id}/place',
      'POST /tenants/{id}/restore',
      'POST /tenants/{id}/suspend',
    ]);
    for (const [path, methods] of Object.entries<Record<string, Record<string, unknown>>>(paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation).toHaveProperty('summary', expect.stringMatching(/\w/));
        if (path !== '/health') expect(operation).toMatchObject({ security: [{ bearer: [] }], responses: { 401: {} } });
      }
    }
  });

  it('says what is sent and what comes back', async () => {
    const { paths, components } = await description();
    const { requestBody, responses } = paths['/tenants'].post;
    expect(requestBody.content['application/json'].schema).toMatchObject({
      required: ['id'],
      additionalProperties: false,
      properties: { domains: { type: 'array', items: { type: 'string', maxLength: 253 } } },
    });
    expect(responses[201].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Tenant' });
    expect(responses[409].content['application/problem+json'].schema).toEqual({ $ref: '#/components/schemas/Problem' });
    expect(components.schemas.Tenant.properties).toHaveProperty('createdAt');
    expect(components.schemas.Problem.properties).toHaveProperty('code');
    expect(paths['/tenants'].get.parameters).toMatchObject([
      { name: 'limit', in: 'query', required: false, schema: { minimum: 1, maximum: 200, default: 50 } },
      { name: 'offset', in: 'query', required: false },
    ]);
  });

  it('refers to nothing that is not there', async () => {
    const described = await description();
    const text = JSON.stringify(described);
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(described.components.schemas).toHaveProperty(name);
    }
    expect(text).not.toContain('#/definitions');
  });
});
