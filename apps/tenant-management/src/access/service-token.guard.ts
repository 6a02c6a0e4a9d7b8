import type { ServerResponse } from 'node:http';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ProblemException } from 'problem-details';
import type { CalledRequest } from './caller.decorator.js';
import { OPEN_ROUTE } from './open-route.decorator.js';
import { ServiceTokens } from './service-tokens.js';

/** Lets in whoever sends one of the service tokens. Every route is closed unless it is marked `@OpenRoute()`. */
@Injectable()
export class ServiceTokenGuard implements CanActivate {
  constructor(
    private readonly tokens: ServiceTokens,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(OPEN_ROUTE, [context.getHandler(), context.getClass()])) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<CalledRequest>();
    request.caller = this.tokens.fingerprintOf(bearerToken(request) ?? '');
    if (request.caller !== undefined) return true;
    http.getResponse<ServerResponse>().setHeader('WWW-Authenticate', 'Bearer');
    throw new ProblemException(
      401,
      'UNAUTHENTICATED',
      'This needs a service token. Send it as: Authorization: Bearer <token>.',
    );
  }
}

function bearerToken({ headers }: CalledRequest): string | undefined {
  const { authorization } = headers;
  return typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
}
