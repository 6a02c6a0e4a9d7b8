import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { of, throwError } from 'rxjs';
import { refuseHandedOver } from './grpc-call.js';
import type { Problem } from './problem.js';
import { problemOf } from './problem.js';
import { settleRefused } from './refused-messages.js';
import { refuseSocket } from './refuse-socket.js';
import { tenancyErrorOf, WithTenancyError } from './tenancy-error-of.js';
import { isTold, toldError } from './told-error.js';

/**
 * Answers every `TenancyError`, also one that TypeORM wrapped: a request with `application/problem+json`, a message as its
 * transport has it.
 */
@Catch(WithTenancyError)
export class TenancyExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('TenancyModule');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(thrown: unknown, host: ArgumentsHost): Observable<unknown> | void {
    const error = tenancyErrorOf(thrown);
    if (!error) throw thrown;
    const problem = problemOf(error);
    // A store that does not answer is not the client's doing either: only the log can say why.
    if (problem.status >= 500 && !isTold(error)) {
      this.logger.error(error.message, error.cause instanceof Error ? error.cause.stack : error.stack);
    }
    switch (host.getType<string>()) {
      case 'http':
        return this.reply(problem, host);
      case 'rpc': {
        const body = { status: 'error', message: problem.detail, code: problem.code };
        if (refuseHandedOver(host, body)) return of(undefined);
        return settleRefused(host, error, problem) ?? throwError(() => body);
      }
      case 'ws':
        // Thrown, it would end the process: behind a gateway's filters nobody catches.
        refuseSocket(host.switchToWs().getClient(), { status: 'error', message: problem.detail, code: problem.code });
        return undefined;
      case 'graphql':
        throw toldError(error);
      default:
        throw thrown;
    }
  }

  private reply({ retryAfter, ...body }: Problem, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    // What was counted for a tenant before the application refused it would tell it from one that is not there.
    if (body.code === 'TENANT_NOT_FOUND') removeQuota(response as Response);
    if (retryAfter !== undefined) httpAdapter.setHeader(response, 'Retry-After', String(retryAfter));
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    httpAdapter.reply(response, JSON.stringify(body), body.status);
  }
}

/** What Express's response and Fastify's reply have in common. */
interface Response {
  getHeaders?(): object;
  removeHeader?(name: string): unknown;
}

/** The fields of this module's guards, and of @nestjs/throttler's: `RateLimit-Policy`, `X-RateLimit-Remaining`. */
function removeQuota(response: Response): void {
  for (const name of Object.keys(response.getHeaders?.() ?? {})) {
    if (/^(?:x-)?ratelimit(?:-|$)/i.test(name)) response.removeHeader?.(name);
  }
}
