import { STATUS_CODES } from 'node:http';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, HttpException, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Problem } from 'nestjs-tenancy';
import { problemOf, tenancyErrorOf } from 'nestjs-tenancy';
import { ProblemException } from './problem.exception.js';

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
};

// What Express's body parser says, in words that tell what to change.
const BODY_PROBLEMS: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  'entity.parse.failed': ['BODY_NOT_JSON', 'The body is not valid JSON.'],
  'entity.too.large': ['BODY_TOO_LARGE', 'The body is larger than this service takes. Send a smaller one.'],
  'charset.unsupported': ['MEDIA_TYPE_UNSUPPORTED', 'Send the body as UTF-8.'],
  'encoding.unsupported': ['MEDIA_TYPE_UNSUPPORTED', 'Send the body without that content encoding.'],
};

/** Answers every error with `application/problem+json`: what to change for a client's mistake, nothing for our own. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    const { retryAfter, ...body } = toProblem(error);
    this.log(error, body.status);
    if (httpAdapter.isHeadersSent(response)) return httpAdapter.end(response);
    if (retryAfter !== undefined) httpAdapter.setHeader(response, 'Retry-After', String(retryAfter));
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    httpAdapter.reply(response, JSON.stringify(body), body.status);
  }

  /** A failure of our own with its stack; what is merely away, a line for each refused request. */
  private log(error: unknown, status: number): void {
    if (status < 500) return;
    const message = error instanceof Error ? error.message : String(error);
    if (status === 503) this.logger.warn(message);
    else this.logger.error(message, error instanceof Error ? error.stack : undefined);
  }
}

function toProblem(error: unknown): Problem {
  const tenancyError = tenancyErrorOf(error);
  if (tenancyError) return problemOf(tenancyError);
  if (error instanceof ProblemException) {
    const { code, detail, errors, retryAfter } = error;
    const known = problem(error.getStatus(), code, detail);
    return { ...known, ...(errors ? { errors } : {}), ...(retryAfter === undefined ? {} : { retryAfter }) };
  }
  const body = BODY_PROBLEMS[bodyFault(error)];
  if (error instanceof HttpException) {
    const status = error.getStatus();
    const [code, detail] = body ?? [CODES[status] ?? 'REQUEST_REFUSED', error.message];
    return problem(status, code, detail);
  }
  const status = statusOf(error);
  if (body && status) return problem(status, ...body);
  if (status !== undefined && status >= 400 && status < 500) {
    return problem(status, CODES[status] ?? 'REQUEST_REFUSED', (error as Error).message);
  }
  return problem(500, 'INTERNAL_ERROR', 'The service failed. It was logged.');
}

function bodyFault(error: unknown): string {
  const cause = error instanceof HttpException ? error.cause : error;
  const type = (cause as { type?: unknown } | undefined)?.type;
  return typeof type === 'string' ? type : '';
}

/** The status that Express's and Fastify's own errors carry. */
function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function problem(status: number, code: string, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail };
}
