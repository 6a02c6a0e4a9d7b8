import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { runInScope } from '../context/tenancy-scope.js';
import { defineTenant } from '../tenants/tenant.js';
import type { MessagePacket } from './send-tenant.js';
import { sendTenant } from './send-tenant.js';

type Hook = (packet: MessagePacket) => void;

/** A client with the shape of Nest's for TCP, whose messages are answered at once. */
class Client {
  readonly socketClass = undefined;
  readonly tlsOptions = undefined;
  onDispatchHook?: Hook;

  setOnDispatchHook(hook: Hook): void {
    this.onDispatchHook = hook;
  }
  send(): unknown {
    return of(1);
  }
  emit(): unknown {
    return of(1);
  }

  dispatched(id: string): MessagePacket {
    const packet: MessagePacket = {};
    runInScope({ tenant: defineTenant({ id, schema: `t_${id}` }) }, () => this.onDispatchHook?.(packet));
    return packet;
  }
}

// Over the wire, TCP, Redis and NATS are in test/microservices.spec.ts.
describe('a client that is given to sendTenant() with each request', () => {
  it('is wrapped once', () => {
    const client = new Client();
    const { onDispatchHook, send, emit } = sendTenant(client);

    for (let n = 0; n < 2_000; n += 1) expect(sendTenant(client)).toBe(client);

    expect([client.onDispatchHook, client.send, client.emit]).toEqual([onDispatchHook, send, emit]);
    expect(client.dispatched('acme').metadata).toEqual({ 'x-tenant-id': 'acme' });
  });

  it('names the tenant also where somebody else has taken the place of the hook meanwhile', () => {
    const client = sendTenant(new Client());
    const { send } = client;
    client.setOnDispatchHook((packet) => {
      packet.metadata = { 'X-Tenant-ID': 'globex', trace: '1' };
    });

    sendTenant(client);

    expect(client.dispatched('acme').metadata).toEqual({ trace: '1', 'x-tenant-id': 'acme' });
    expect(client.send).toBe(send);
  });
});
