import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listenOnFreePort } from '../testing/listen.js';
import { TwilioHttpClient } from './twilio-http-client.js';

async function answerOf(answer: (response: ServerResponse) => unknown) {
  const server = await listenOnFreePort((_request, response) => answer(response));
  try {
    const client = new TwilioHttpClient(server.url, 200);
    return await client.request({ method: 'post', uri: 'https://api.twilio.com/Messages.json' });
  } finally {
    await server.stop();
  }
}

describe('an answer of the provider', () => {
  it('that never ends is waited for no longer than for one that never begins', async () => {
    expect(await answerOf((response) => response.writeHead(201).write('{'))).toMatchObject({ statusCode: 201 });
    await expect(answerOf(() => undefined)).rejects.toThrow('timeout');
  });

  it('keeps its words where it is a refusal', async () => {
    const body = JSON.stringify({ code: 21211, message: 'Größe' });
    const answer = await answerOf((response) => response.writeHead(400).end(body));
    expect(answer).toMatchObject({ statusCode: 400, body });
  });
});
