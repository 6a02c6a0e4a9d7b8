import type { NestMiddleware } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { NextFunction, Request, Response } from 'express';
import { pathOf } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import type { Principal } from './principal.js';
import { claims } from './principal.js';
import { isPublicPath } from './public-paths.js';

/** Lets nobody in without a valid bearer token, and leaves its holder on `request.user`. */
@Injectable()
export class AuthMiddleware implements NestMiddleware {
  constructor(private readonly tokens: JwtService) {}

  async use(request: Request & { user?: Principal }, response: Response, next: NextFunction): Promise<void> {
    if (isPublicPath(pathOf(request))) return next();
    const principal = await this.authenticate(request.headers.authorization);
    if (principal) {
      request.user = principal;
      return next();
    }
    response.setHeader('WWW-Authenticate', 'Bearer');
    next(
      new ProblemException(
        401,
        'UNAUTHENTICATED',
        'Send a valid token in the header "Authorization: Bearer …". It may be missing, expired or not for this service.',
      ),
    );
  }

  private async authenticate(header: string | undefined): Promise<Principal | undefined> {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
    if (token === undefined) return undefined;
    try {
      const { exp: _exp, ...principal } = claims.parse(await this.tokens.verifyAsync(token));
      return principal;
    } catch {
      return undefined;
    }
  }
}
