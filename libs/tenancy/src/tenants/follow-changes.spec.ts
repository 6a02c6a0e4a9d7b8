import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TestServer } from '../../../../test/support/tenant-server.js';
import { startServer } from '../../../../test/support/tenant-server.js';
import { HttpTenantStore } from './http-tenant-store.js';

const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Stream {
  readonly told: string[];
  /** The connections that were made, the newest last. */
  readonly responses: ServerResponse[];
  readonly authorizations: Array<string | undefined>;
}

/** Follows the changes of a service that begins each answer with a text. */
async function follow(
  begin: string,
  head: Record<string, string> = {},
  status = 200,
  silence?: number,
): Promise<Stream> {
  const stream: Stream = { told: [], responses: [], authorizations: [] };
  const server: TestServer = await startServer((request, response) => {
    stream.responses.push(response);
    stream.authorizations.push(`${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { 'content-type': 'text/event-stream', ...head });
    response.write(begin);
  });
  ends.push(() => server.close());
  const store = new HttpTenantStore({ baseUrl: server.url, token: 's3cret', watchSilence: silence });
  const watch = store.watch({
    changed: (id) => stream.told.push(id),
    resumed: () => stream.told.push('resumed'),
    lost: (reason) => stream.told.push(`lost: ${reason.message}`),
  });
  ends.unshift(() => watch.close());
  return stream;
}

const READY = 'event: ready\ndata: {}\n\n';
const changeOf = (id: string): string => `event: changed\ndata: ${JSON.stringify({ id })}\n\n`;

describe('a stream of changes', () => {
  it('is asked for with the token, and tells what it has, in whatever pieces it comes', async () => {
    const { told, responses, authorizations } = await follow(READY);
    await vi.waitFor(() => expect(told).toEqual(['resumed']));
    for (const character of `${changeOf('acme').replaceAll('\n', '\r\n')}event: heartbeat\n\n: a comment\n\n`) {
      responses[0].write(character);
    }
    responses[0].write(changeOf('globex') + changeOf('initech'));

    await vi.waitFor(() => expect(told).toEqual(['resumed', 'acme', 'globex', 'initech']));
    expect(authorizations).toEqual(['/changes Bearer s3cret']);
  });

  it('that ends is asked for again, and all of before is doubted', async () => {
    const { told, responses } = await follow(READY);
    await vi.waitFor(() => expect(told).toEqual(['resumed']));
    responses[0].end();
    await vi.waitFor(() => expect(told).toEqual(['resumed', expect.stringMatching(/^lost: .*ended/), 'resumed']));
    responses[1].destroy();
    await vi.waitFor(() => expect(told).toHaveLength(5));
    expect(told[4]).toBe('resumed');
  });

  it('that says nothing for too long is given up', async () => {
    const { told } = await follow(READY, {}, 200, 50);

    await vi.waitFor(() => expect(told).toContain('lost: The stream of changes said nothing for 50 ms.'));
    await vi.waitFor(() => expect(told.filter((what) => what === 'resumed').length).toBeGreaterThan(1));
  });

  it('whose service does not hear of changes itself is as good as none until it does', async () => {
    const { told, responses } = await follow('event: lost\ndata: {}\n\n');
    await vi.waitFor(() => expect(told).toEqual([expect.stringMatching(/^lost: .*does not hear/)]));
    responses[0].write(READY);
    await vi.waitFor(() => expect(told.at(-1)).toBe('resumed'));
  });

  it.each([
    ['an event that cannot be read', `${READY}event: changed\ndata: {"id":\n\n`],
    ['an event without an end', `${READY}event: changed\ndata: ${'x'.repeat(70_000)}`],
  ])('is broken off at %s', async (_what, begin) => {
    const { told } = await follow(begin);

    await vi.waitFor(() => expect(told.slice(0, 2)).toEqual(['resumed', expect.stringMatching(/^lost/)]));
  });

  it('with a change of nobody doubts all', async () => {
    const { told } = await follow(`${READY}event: changed\ndata: {"id":7}\n\n`);

    await vi.waitFor(() => expect(told).toEqual(['resumed', 'resumed']));
  });
});

describe('a service', () => {
  it.each([
    ['has no such stream', 404, {}],
    ['answers something else', 200, { 'content-type': 'application/json' }],
    ['does not let it in', 401, {}],
    ['sends it elsewhere', 302, { location: 'http://127.0.0.1:9/' }],
  ])('that %s is not asked again soon', async (_what, status, head) => {
    const { told, responses } = await follow('', head, status);

    await vi.waitFor(() => expect(told).toEqual([expect.stringMatching(/^lost: GET \/changes is answered/)]));
    expect(responses).toHaveLength(1);
  });

  it('that is too busy is', async () => {
    const { responses } = await follow('', {}, 503);

    await vi.waitFor(() => expect(responses.length).toBeGreaterThan(1));
  });

  it('that is not there is waited for, and left alone when nobody listens any more', async () => {
    const server = await startServer(() => undefined);
    await server.close();
    const told: string[] = [];
    const tell = (what: string) => () => void told.push(what);
    const watch = new HttpTenantStore({ baseUrl: server.url }).watch({
      changed: tell('changed'),
      resumed: tell('resumed'),
      lost: tell('lost'),
    });
    await vi.waitFor(() => expect(told.slice(0, 2)).toEqual(['lost', 'lost']));
    await watch.close();
    const heard = told.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toHaveLength(heard);
  });
});
