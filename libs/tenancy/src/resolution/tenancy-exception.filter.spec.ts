import { Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { Observable } from 'rxjs';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { QueryFailedError } from 'typeorm';
import { StatementTimeoutError, TenantNotFoundError, TenantServiceUnavailableError } from '../tenancy.errors.js';
import { tenancyErrorOf, WithTenancyError } from './tenancy-error-of.js';
import { TenancyExceptionFilter } from './tenancy-exception.filter.js';

// Requests are in test/refused-requests.spec.ts, where an adapter answers them.
const filter = new TenancyExceptionFilter(undefined as never);

function hostOf(type: string, ...args: unknown[]): ExecutionContextHost {
  const host = new ExecutionContextHost(args);
  host.setType(type);
  return host;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('an error in a gateway', () => {
  it('is sent to the socket, and not thrown: nobody would catch it', () => {
    const sent: unknown[] = [];
    const socket = { emit: (...args: unknown[]) => sent.push(...args) };

    expect(filter.catch(new TenantNotFoundError('acme'), hostOf('ws', socket))).toBeUndefined();
    expect(sent).toEqual([
      'exception',
      { status: 'error', code: 'TENANT_NOT_FOUND', message: 'There is no such tenant, or you may not use it.' },
    ]);
  });
});

describe('an error in a message handler', () => {
  it('is the failure of its answer', async () => {
    const answer = filter.catch(new TenantNotFoundError('acme'), hostOf('rpc')) as Observable<never>;

    await expect(firstValueFrom(answer)).rejects.toEqual({
      status: 'error',
      code: 'TENANT_NOT_FOUND',
      message: 'There is no such tenant, or you may not use it.',
    });
  });
});

describe('an error elsewhere', () => {
  it('is left to whoever runs that', () => {
    const error = new TenantNotFoundError('acme');

    expect(() => filter.catch(error, hostOf('telegram'))).toThrow(error);
  });
});

describe('an error that TypeORM wrapped', () => {
  const timeout = new StatementTimeoutError('acme', 50);
  const wrapped = new QueryFailedError('SELECT 1', [], timeout);

  it('is answered like the one in it', async () => {
    vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const answer = filter.catch(wrapped, hostOf('rpc')) as Observable<never>;

    await expect(firstValueFrom(answer)).rejects.toMatchObject({ code: 'STATEMENT_TIMEOUT' });
    expect(() => filter.catch(wrapped, hostOf('telegram'))).toThrow(wrapped);
  });

  it('is caught, and no other error is', () => {
    expect(tenancyErrorOf(wrapped)).toBe(timeout);
    for (const caught of [timeout, wrapped]) expect(caught instanceof WithTenancyError).toBe(true);
    const others = [new QueryFailedError('SELECT 1', [], new Error('no')), new Error('no'), 'no', null, undefined, {}];
    for (const other of others) expect(other instanceof WithTenancyError).toBe(false);
  });
});

describe('an error that is our own doing', () => {
  it('is logged with its cause, and not told', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const error = new TenantServiceUnavailableError('It is down.', { cause: new Error('ECONNREFUSED 10.0.0.7') });

    const answer = filter.catch(error, hostOf('rpc')) as Observable<never>;

    await expect(firstValueFrom(answer)).rejects.toMatchObject({ message: expect.not.stringContaining('down') });
    expect(logged.mock.calls[0]).toEqual(['It is down.', expect.stringContaining('ECONNREFUSED 10.0.0.7')]);
  });
});
