import { join } from 'node:path';
import type { EventEmitter } from 'node:events';
import { setTimeout as later } from 'node:timers/promises';
import type { ServiceClientConstructor } from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { INestMicroservice } from '@nestjs/common';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { GrpcOptions } from '@nestjs/microservices';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod, Transport } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { interval, map, take, tap, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { findFreePort } from '../apps/sandbox/src/ports.js';
import { startApp } from './support/start-app.js';

/** What the service has heard, of all its clients. */
const heard: string[] = [];

interface Seen {
  readonly by: string;
}

interface StreamCall extends EventEmitter {
  write(seen: Seen): unknown;
  end(): unknown;
}

@Controller()
class NotesController {
  constructor(private readonly tenants: TenantContext) {}

  @GrpcMethod('Notes', 'Unary')
  async unary(): Promise<Seen> {
    this.hear();
    await later(1);
    return this.seen();
  }

  @GrpcMethod('Notes', 'Down')
  down(): Observable<Seen> {
    this.hear();
    return interval(1).pipe(
      take(3),
      map(() => this.seen()),
    );
  }

  @GrpcStreamMethod('Notes', 'Up')
  up(notes: Observable<unknown>): Observable<Seen> {
    return notes.pipe(
      tap(() => this.hear()),
      toArray(),
      map(() => this.seen()),
    );
  }

  @GrpcStreamMethod('Notes', 'Both')
  async both(notes: Observable<unknown>): Promise<Observable<Seen>> {
    // Listens by itself too, as a service does that keeps what comes.
    notes.subscribe(() => this.hear());
    return notes.pipe(map(() => this.seen()));
  }

  @GrpcStreamCall('Notes', 'CallUp')
  callUp(call: StreamCall, answer: (error: null, seen: Seen) => void): void {
    call.on('data', () => this.hear());
    call.on('end', () => answer(null, this.seen()));
  }

  @GrpcStreamCall('Notes', 'CallBoth')
  callBoth(call: StreamCall): void {
    call.on('data', () => {
      this.hear();
      call.write(this.seen());
    });
    call.on('end', () => call.end());
  }

  private hear(): void {
    heard.push(`${this.tenants.tenantId}`);
  }

  private seen(): Seen {
    return { by: `${this.tenants.tenantId}` };
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      store: new InMemoryTenantStore([
        { id: 'acme', schema: 't_acme' },
        { id: 'globex', schema: 't_globex' },
        { id: 'dormant', schema: 't_dormant', status: 'suspended' },
      ]),
    }),
  ],
  controllers: [NotesController],
})
class NotesModule {}

const protoPath = join(import.meta.dirname, 'support/notes.proto');
const { Notes } = loadPackageDefinition(loadSync(protoPath)).notes as { Notes: ServiceClientConstructor };

async function transport(): Promise<{ url: string; options: GrpcOptions }> {
  const url = `127.0.0.1:${await findFreePort()}`;
  return { url, options: { transport: Transport.GRPC, options: { package: 'notes', protoPath, url } } };
}

const kinds = [
  ['Unary', 1, 1],
  ['Down', 1, 3],
  ['Up', 3, 1],
  ['Both', 3, 3],
  ['CallUp', 3, 1],
  ['CallBoth', 3, 3],
] as const;

type Client = InstanceType<typeof Notes>;

/** Calls a method, streams some notes where it takes a stream, each once the one before was heard; what it saw. */
const call = (client: Client, method: string, id: string | undefined, notes: number): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const { requestStream, responseStream } = Notes.service[method];
    const metadata = new Metadata();
    if (id !== undefined) metadata.set('x-tenant-id', id);
    const seen: string[] = [];
    const answer = (error: Error | null, one: Seen): void => (error ? reject(error) : resolve([one.by]));
    const calling = client[method](
      ...(requestStream ? [] : [{ n: 1 }]),
      metadata,
      // A call that hangs fails here as another error than that of a refusal.
      { deadline: Date.now() + 10_000 },
      ...(responseStream ? [] : [answer]),
    ) as StreamCall & { write(note: object): unknown };
    if (responseStream) {
      calling.on('data', ({ by }: Seen) => seen.push(by));
      calling.on('error', reject);
      calling.on('end', () => resolve(seen));
    }
    if (requestStream) void stream(calling, notes);
  });
const stream = async (calling: { write(note: object): unknown; end(): unknown }, notes: number): Promise<void> => {
  for (let n = 1; n <= notes; n += 1) {
    const before = heard.length;
    calling.write({ n });
    if (n < notes) await expect.poll(() => heard.length).toBeGreaterThan(before);
  }
  calling.end();
};

describe('a call by gRPC', () => {
  let service: INestMicroservice;
  let client: Client;

  beforeAll(async () => {
    const { url, options } = await transport();
    service = await NestFactory.createMicroservice<GrpcOptions>(NotesModule, { ...options, logger: false });
    await service.listen();
    client = new Notes(url, credentials.createInsecure());
  });
  afterEach(() => {
    heard.length = 0;
  });
  afterAll(async () => {
    client.close();
    await service.close();
  });

  it.each(kinds)(
    'has the tenant of its metadata in all that it hears and answers: %s',
    async (method, notes, answers) => {
      for (const id of ['acme', 'globex', 'acme']) {
        heard.length = 0;
        expect(await call(client, method, id, notes)).toEqual(Array.from({ length: answers }, () => id));
        expect(heard).toEqual(Array.from({ length: notes }, () => id));
      }
    },
  );

  it.each(kinds)(
    'never sees the tenant of another that is made at the same time: %s',
    async (method, notes, answers) => {
      const ids = Array.from({ length: 10 }, (_, n) => (n % 2 ? 'acme' : 'globex'));

      const seen = await Promise.all(ids.map((id) => call(client, method, id, notes)));

      expect(seen).toEqual(ids.map((id) => Array.from({ length: answers }, () => id)));
      expect(heard.filter((id) => id === 'acme')).toHaveLength(5 * notes);
      expect(heard.filter((id) => id === 'globex')).toHaveLength(5 * notes);
    },
  );

  it.each(kinds.flatMap(([method]) => [undefined, 'nobody', 'dormant', '../acme'].map((id) => [method, id] as const)))(
    'is refused before its handler, and told so: %s for %s',
    async (method, id) => {
      await expect(call(client, method, id, 1)).rejects.toMatchObject({
        code: status.UNKNOWN,
        details: expect.stringMatching(/tenant/i) as string,
      });
      expect(heard).toEqual([]);
      // Nothing of it was left to end the service.
      expect(await call(client, method, 'acme', 1)).toContain('acme');
    },
  );
});

describe('a call by gRPC to a microservice that is connected without inheritAppConfig', () => {
  it.each(kinds)('is refused before its handler: %s', async (method) => {
    const { url, options } = await transport();
    const { app } = await startApp(NotesModule, 'Express', (starting) => {
      starting.connectMicroservice(options);
    });
    await app.startAllMicroservices();
    const client = new Notes(url, credentials.createInsecure());

    for (const id of ['acme', undefined]) {
      await expect(call(client, method, id, 1)).rejects.toMatchObject({ code: status.UNKNOWN });
    }
    expect(heard).toEqual([]);
    client.close();
    await app.close();
  });
});
