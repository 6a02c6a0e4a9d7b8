import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, TestService } from '../testing/test-service.js';

const EMAIL = { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada!' };
const SMS = { channel: 'sms', to: '+14155550123', body: 'Hello Ada!' };

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ MESSAGE_CONCURRENCY: '3', MESSAGE_CONCURRENCY_PER_TENANT: '2' });
});
afterAll(() => service?.stop());

async function send(message: object, as: 'acme' | 'globex'): Promise<string> {
  const { status, body } = await service.call('POST', '/messages', { as, body: message });
  expect(status).toBe(202);
  return body.id;
}

describe('a tenant whose mail server keeps its messages waiting', () => {
  it('waits alone: the messages of the others are sent meanwhile, and its own are after', async () => {
    let release: () => void = () => undefined;
    service.mail.hold = new Promise((resolve) => (release = resolve));
    const held = await Promise.all(Array.from({ length: 12 }, () => send(EMAIL, 'acme')));
    await eventually(() => (service.mail.tries >= 2 ? true : undefined));

    for (let i = 0; i < 5; i++) {
      const id = await send(SMS, 'globex');
      expect(await service.settled(id, { as: 'globex' })).toMatchObject({ status: 'sent' });
    }
    expect(service.mail.tries).toBe(2);

    service.mail.hold = undefined;
    release();
    for (const id of held) {
      expect(await service.settled(id)).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent' }] });
    }
    expect(service.mail.mails).toHaveLength(held.length);
  });
});
