import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantAddressError } from '../../tenancy.errors.js';
import { askNameServers } from './name-servers.js';
import { TenantAddresses } from './tenant-addresses.js';

const A = 1;
const AAAA = 28;
const NO_SUCH_NAME = 3;
/** What the name server knows, by name and kind; of `undefined` it says nothing at all. */
const RECORDS: Record<string, Partial<Record<number, readonly number[]>> | undefined> = {
  'mail.acme.example': { [A]: [8, 8, 8, 8], [AAAA]: [0x2a, 0, ...Array<number>(13).fill(0), 1] },
  'old.acme.example': { [A]: [8, 8, 4, 4] },
  'inside.acme.example': { [A]: [10, 0, 0, 1] },
};
const SILENT = /(?:^|\.)silent\.acme\.example$/;

let server: Socket;
let nameServers: string[];
const asked: string[] = [];

beforeAll(async () => {
  server = createSocket('udp4', (question, { port, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (; question[at] > 0; at += question[at] + 1)
      labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
    const name = labels.join('.').toLowerCase();
    const kind = question.readUInt16BE(at + 1);
    asked.push(name);
    if (SILENT.test(name) || (name === 'half.acme.example' && kind === AAAA)) return;
    const records = name === 'half.acme.example' ? RECORDS['old.acme.example'] : RECORDS[name];
    const data = records?.[kind];
    const header = Buffer.from(question.subarray(0, at + 5));
    header.writeUInt16BE(0x8180 + (records ? 0 : NO_SUCH_NAME), 2);
    header.writeUInt16BE(data ? 1 : 0, 6);
    header.writeUInt32BE(0, 8);
    const answer = data ? [0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, data.length, ...data] : [];
    server.send(Buffer.concat([header, Buffer.from(answer)]), port, address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  nameServers = [`127.0.0.1:${server.address().port}`];
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

describe('a name', () => {
  it('leads to the addresses of both versions that its name server tells', async () => {
    const addresses = new TenantAddresses({ nameServers });

    expect(await addresses.resolve('mail.acme.example')).toEqual(['8.8.8.8', '2a00::1']);
    expect(await addresses.resolve('old.acme.example')).toEqual(['8.8.4.4']);
  });

  it('leads to those of the version that is told, where nothing is said of the other', async () => {
    const addresses = new TenantAddresses({ nameServers, timeout: 1_000 });

    expect(await addresses.resolve('half.acme.example')).toEqual(['8.8.4.4']);
  });

  it.each(['inside.acme.example', 'nobody.acme.example', 'silent.acme.example'])('is refused: %s', async (name) => {
    const addresses = new TenantAddresses({ nameServers, timeout: 200 });

    await expect(addresses.resolve(name)).rejects.toThrow(new TenantAddressError(name, 'ADDRESS_REFUSED'));
  });

  it.each([
    ['localhost', ['127.0.0.1']],
    ['mail.LOCALHOST', ['127.0.0.1']],
    ['127.1', []],
    ['2130706433', []],
    ['acme.0x7f', []],
  ])('that no name server has to know is asked of none: %s', async (name, found) => {
    const before = asked.length;
    const addresses = await askNameServers(1_000, nameServers)(name);

    expect([addresses.map(({ address }) => address), asked.length]).toEqual([found, before]);
  });
});

describe('many names whose servers say nothing', () => {
  it('keep neither a look-up of our own waiting, nor that of another tenant', async () => {
    const addresses = new TenantAddresses({ nameServers, timeout: 10_000 });
    const late = new TenantAddresses({ nameServers, timeout: 6_000 });
    let ended = 0;
    const silent = Array.from({ length: 50 }, (_, i) =>
      late.resolve(`m${i}.silent.acme.example`).catch(() => (ended += 1)),
    );
    await expect.poll(() => asked.filter((name) => SILENT.test(name)).length).toBeGreaterThanOrEqual(50);

    await lookup('localhost');
    expect(await addresses.resolve('mail.acme.example')).toContain('8.8.8.8');
    expect(ended).toBe(0);
    await Promise.all(silent);
    expect(ended).toBe(50);
  });
});

describe('what is no address of a name server', () => {
  it('is refused at the start', () => {
    expect(() => new TenantAddresses({ nameServers: ['dns.example'] })).toThrow('dns.example');
  });
});
