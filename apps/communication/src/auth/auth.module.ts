import type { MiddlewareConsumer, NestModule } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { AuthMiddleware } from './auth.middleware.js';
import { AUDIENCE } from './principal.js';

/**
 * Authenticates every request. Global, and imported before `TenancyModule`: Nest runs the middleware of global modules
 * first, in the order of their imports, and the tenant's claim must be there when the tenant is looked for.
 */
@Global()
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [ENVIRONMENT],
      useFactory: ({ JWT_SECRET, JWT_ISSUER }: Environment) => ({
        secret: JWT_SECRET,
        // The algorithm is pinned: a token does not choose how it is checked.
        verifyOptions: { algorithms: ['HS256'], issuer: JWT_ISSUER, audience: AUDIENCE },
      }),
    }),
  ],
})
export class AuthModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AuthMiddleware).forRoutes('{*splat}');
  }
}
