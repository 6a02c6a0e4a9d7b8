import { Body, Controller, Get, Module, NotFoundException, Post } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { TenantNotFoundError, TenantSuspendedError } from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RunningApp } from '../../../test/support/start-app.js';
import { adapters, startApp } from '../../../test/support/start-app.js';
import { ProblemException } from './problem.exception.js';
import { ProblemFilter } from './problem.filter.js';
import { validationPipe } from './validation.js';

const note = z.strictObject({ body: z.string(), tags: z.array(z.object({ name: z.string() })).default([]) });

@Controller()
class FailingController {
  @Get('problem')
  problem(): void {
    throw new ProblemException(409, 'NOTE_TAKEN', 'Choose another name.');
  }

  @Get('away')
  away(): void {
    throw new ProblemException(503, 'QUEUE_UNAVAILABLE', 'Try again.', undefined, 5);
  }

  @Get('nest')
  nest(): void {
    throw new NotFoundException('No such note.');
  }

  @Get('unknown')
  unknown(): void {
    throw new TenantNotFoundError('nobody');
  }

  @Get('suspended')
  suspended(): void {
    throw new TenantSuspendedError('acme', 'suspended');
  }

  @Get('bug')
  bug(): void {
    throw new Error('connect ECONNREFUSED postgres://app:secret@db:5432');
  }

  @Post('notes')
  add(@Body({ schema: note }) body: z.infer<typeof note>): unknown {
    return body;
  }
}

@Module({
  controllers: [FailingController],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
})
class AppModule {}

describe.each(adapters)('an error on %s', (adapter) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterAll(() => running.app.close());

  const get = async (path: string) => running.call('GET', path);

  it('has the media type, the status and the code of its problem', async () => {
    const answer = await get('/problem');
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer).toMatchObject({
      status: 409,
      body: { type: 'about:blank', title: 'Conflict', status: 409, code: 'NOTE_TAKEN', detail: 'Choose another name.' },
    });
  });

  it('says when to try again', async () => {
    const answer = await get('/away');
    expect(answer).toMatchObject({ status: 503, body: { code: 'QUEUE_UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('is a problem too where Nest throws it', async () => {
    expect(await get('/nest')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', detail: 'No such note.' } });
    expect(await get('/nowhere')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it('does not tell an unknown tenant from a suspended one', async () => {
    const [unknown, suspended] = [await get('/unknown'), await get('/suspended')];
    expect(suspended.text).toBe(unknown.text);
    expect(unknown).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
  });

  it('gives nothing away of a failure of our own', async () => {
    const answer = await get('/bug');
    expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL_ERROR' } });
    expect(answer.text).not.toMatch(/secret|ECONN|postgres/);
  });

  it('names every field that is not valid', async () => {
    const answer = await running.call('POST', '/notes', { body: { tags: [{ name: 7 }], more: true } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.errors.map(({ key }: { key: string }) => key)).toEqual(['body', 'tags.0.name', 'more']);
  });

  it('says little of a body with many unknown fields, however long their names', async () => {
    const more = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`${i}-${'x'.repeat(80)}`, 1]));
    const answer = await running.call('POST', '/notes', { body: { body: 'b', ['y'.repeat(9_000)]: 1, ...more } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.errors).toHaveLength(20);
    expect(answer.body.errors[0]).toMatchObject({ message: 'Unrecognized key.' });
    expect(answer.text.length).toBeLessThan(5_000);
  });

  it('says that a body is not JSON, or too large', async () => {
    expect(await running.call('POST', '/notes', { body: '{"body":' })).toMatchObject({ status: 400 });
    const large = await running.call('POST', '/notes', { body: { body: 'x'.repeat(2_000_000) } });
    expect(large).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });
});
