import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as later } from 'node:timers/promises';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  MiddlewareConsumer,
  NestInterceptor,
  NestModule,
  PipeTransform,
} from '@nestjs/common';
import {
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { defer, finalize, map, take, tap, timer } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CurrentTenant, InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { getSlowly, sendSlowly } from './support/send.js';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

/** What each part of a request saw. */
const seen: string[] = [];
const built: string[] = [];

@Injectable()
class Log {
  constructor(private readonly context: TenantContext) {
    built.push('Log');
  }

  note(part: string): void {
    seen.push(`${part}: ${this.context.tenantId}`);
  }
}

@Injectable()
class SeeingGuard implements CanActivate {
  constructor(private readonly log: Log) {
    built.push('SeeingGuard');
  }

  canActivate(): boolean {
    this.log.note('guard');
    return true;
  }
}

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  constructor(private readonly log: Log) {
    built.push('SeeingInterceptor');
  }

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.log.note('interceptor before');
    return next.handle().pipe(
      tap({ next: () => this.log.note('interceptor after'), error: () => this.log.note('interceptor error') }),
      finalize(() => this.log.note('interceptor finalize')),
    );
  }
}

@Injectable()
class SeeingPipe implements PipeTransform {
  constructor(private readonly log: Log) {
    built.push('SeeingPipe');
  }

  async transform(value: unknown): Promise<unknown> {
    this.log.note('pipe');
    await later(1);
    return value;
  }
}

class Teapot extends Error {}

@Catch(Teapot)
class SeeingFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly adapterHost: HttpAdapterHost,
  ) {
    built.push('SeeingFilter');
  }

  catch(_error: Teapot, host: ArgumentsHost): void {
    this.log.note('filter');
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), 'teapot', 418);
  }
}

/** Lets two requests go on only together, so that each of them runs right after the other. */
@Injectable()
class Meeting {
  private first: (() => void) | undefined;

  meet(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.first) {
        this.first = resolve;
        return;
      }
      this.first();
      this.first = undefined;
      resolve();
    });
  }
}

@Controller()
@UseGuards(SeeingGuard)
@UseInterceptors(SeeingInterceptor)
@UseFilters(SeeingFilter)
class PartsController {
  constructor(
    private readonly log: Log,
    private readonly context: TenantContext,
    private readonly meeting: Meeting,
  ) {
    built.push('PartsController');
  }

  @Get('parts')
  parts(@Query('q', SeeingPipe) _q: string, @CurrentTenant('id') id: string): string {
    this.log.note('handler');
    return id;
  }

  @Get('fails')
  async fails(): Promise<never> {
    await later(1);
    throw new Teapot();
  }

  @Get('observable')
  observable(): Observable<string> {
    return defer(() => timer(1)).pipe(map(() => `${this.context.tenantId}`));
  }

  @Get('waits')
  async waits(): Promise<Array<string | undefined>> {
    const ids: Array<string | undefined> = [];
    const note = () => void ids.push(this.context.tenantId);
    await later(1).then(note);
    await new Promise<void>((resolve) => setImmediate(() => resolve(note())));
    await new Promise<void>((resolve) => process.nextTick(() => resolve(note())));
    queueMicrotask(note);
    const stream = Readable.from(['a']).on('data', note);
    await once(stream, 'end');
    return ids;
  }

  @Get('stream')
  stream(): StreamableFile {
    return new StreamableFile(Readable.from(this.lines()));
  }

  @Sse('events')
  events(): Observable<{ data: string }> {
    return timer(0, 1).pipe(
      take(3),
      map((n) => ({ data: `${n} ${this.context.tenantId}` })),
    );
  }

  @Post('bodies')
  @HttpCode(200)
  body(@Body() body: unknown, @CurrentTenant('id') id: string): unknown {
    return { id, body };
  }

  @Get('meetings/:n')
  async meetings(@Param('n') n: string): Promise<Array<string | undefined>> {
    const ids: Array<string | undefined> = [];
    for (let i = 0; i < Number(n); i += 1) {
      await this.meeting.meet();
      ids.push(this.context.tenantId);
    }
    return ids;
  }

  private async *lines(): AsyncGenerator<string> {
    for (let i = 0; i < 300; i += 1) {
      if (i % 50 === 0) await later(1);
      yield `${this.context.tenantId} ${'.'.repeat(16_384)}\n`;
    }
  }
}

@Module({ controllers: [PartsController], providers: [Log, Meeting] })
class PartsModule implements NestModule {
  constructor(private readonly log: Log) {}

  configure(consumer: MiddlewareConsumer): void {
    const see = (_request: unknown, _response: unknown, next: () => void) => {
      this.log.note('middleware');
      next();
    };
    consumer.apply(see).forRoutes('{*splat}');
  }
}

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
]);

@Module({ imports: [TenancyModule.forRoot({ store }), PartsModule] })
class AppModule {}

describe.each(adapters)('a request on %s', (adapter) => {
  let running: RunningApp;
  const acme = { 'x-tenant-id': 'acme' };

  beforeAll(async () => {
    built.length = 0;
    running = await startApp(AppModule, adapter);
  });
  beforeEach(() => {
    seen.length = 0;
  });
  afterAll(() => running.app.close());

  it('has the same tenant in middleware, guard, interceptor, pipe and handler', async () => {
    const { text } = await running.call('GET', '/parts?q=1', { headers: acme });

    expect(text).toBe('acme');
    expect(seen).toEqual([
      'middleware: acme',
      'guard: acme',
      'interceptor before: acme',
      'pipe: acme',
      'handler: acme',
      'interceptor after: acme',
      'interceptor finalize: acme',
    ]);
  });

  it('has it in an exception filter', async () => {
    const { status } = await running.call('GET', '/fails', { headers: acme });

    expect(status).toBe(418);
    expect(seen.slice(-3)).toEqual(['interceptor error: acme', 'interceptor finalize: acme', 'filter: acme']);
  });

  it('keeps it over timers, ticks, microtasks and streams', async () => {
    const { body } = await running.call('GET', '/waits', { headers: acme });

    expect(body).toEqual(['acme', 'acme', 'acme', 'acme', 'acme']);
  });

  it('keeps it in an Observable that the handler returns', async () => {
    expect((await running.call('GET', '/observable', { headers: acme })).text).toBe('acme');
  });

  it('keeps it in server-sent events', async () => {
    const { text } = await running.call('GET', '/events', { headers: acme });

    expect(text.match(/data: .*/g)).toEqual(['data: 0 acme', 'data: 1 acme', 'data: 2 acme']);
  });

  it('keeps it in a streamed answer that its reader is slow to take', async () => {
    const [one, two] = await Promise.all([
      getSlowly(`${running.url}/stream`, { 'x-tenant-id': 'acme' }),
      getSlowly(`${running.url}/stream`, { 'x-tenant-id': 'globex' }),
    ]);

    const tenantsIn = (text: string) => [...new Set(text.match(/^\w+/gm))];
    expect(one.text.match(/\n/g)).toHaveLength(300);
    expect(tenantsIn(one.text)).toEqual(['acme']);
    expect(tenantsIn(two.text)).toEqual(['globex']);
  });

  it('keeps it where the body comes slowly, part by part', async () => {
    const parts = ['{"lines":[', ...Array.from({ length: 10 }, (_, n) => `${n},`), '10]}'];

    const { status, text } = await sendSlowly(`${running.url}/bodies`, parts, acme);

    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ id: 'acme', body: { lines: Array.from({ length: 11 }, (_, n) => n) } });
    expect(new Set(seen.map((line) => line.split(': ')[1]))).toEqual(new Set(['acme']));
  });

  it('never sees the tenant of another request that runs in turns with it', async () => {
    const [one, two] = await Promise.all(
      ['acme', 'globex'].map((id) => running.call('GET', '/meetings/20', { headers: { 'x-tenant-id': id } })),
    );

    expect(new Set(one.body)).toEqual(new Set(['acme']));
    expect(new Set(two.body)).toEqual(new Set(['globex']));
    expect([one.body.length, two.body.length]).toEqual([20, 20]);
  });

  it('leaves nothing to the next request on the same connection', async () => {
    await running.call('GET', '/parts?q=1', { headers: acme });

    const { status, body } = await running.call('GET', '/parts?q=1');

    expect([status, body.code]).toEqual([400, 'TENANT_REQUIRED']);
  });

  it('leaves nothing to the process', async () => {
    await running.call('GET', '/parts?q=1', { headers: acme });

    expect(running.app.get(TenantContext).get()).toBeUndefined();
  });

  it('builds no provider anew, however many there are', async () => {
    const calls = Array.from({ length: 40 }, (_, n) =>
      running.call('GET', '/parts?q=1', { headers: { 'x-tenant-id': n % 2 ? 'acme' : 'globex' } }),
    );
    await Promise.all(calls);

    expect([...built].sort()).toEqual([
      'Log',
      'PartsController',
      'SeeingFilter',
      'SeeingGuard',
      'SeeingInterceptor',
      'SeeingPipe',
    ]);
  });
});
