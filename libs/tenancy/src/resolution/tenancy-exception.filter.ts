import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TenancyError } from '../tenancy.errors.js';
import { problemOf } from './problem.js';

/** Answers every `TenancyError` with `application/problem+json`. */
@Catch(TenancyError)
export class TenancyExceptionFilter implements ExceptionFilter<TenancyError> {
  private readonly logger = new Logger('TenancyModule');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: TenancyError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    const { retryAfter, ...body } = problemOf(error);
    if (body.status === 500) this.logger.error(error.message, error.stack);
    if (retryAfter !== undefined) httpAdapter.setHeader(response, 'Retry-After', String(retryAfter));
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    httpAdapter.reply(response, JSON.stringify(body), body.status);
  }
}
