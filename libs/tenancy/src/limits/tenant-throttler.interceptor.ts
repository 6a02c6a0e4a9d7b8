import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { RequestQuota } from '../context/request-quota.js';
import { REQUEST_QUOTA } from '../tenancy.tokens.js';

/** Counts a request for its tenant after all guards, where one of them may be what authenticates. */
@Injectable()
export class TenantThrottlerInterceptor implements NestInterceptor {
  constructor(@Inject(REQUEST_QUOTA) private readonly quota: RequestQuota) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await this.quota.take(context);
    return next.handle();
  }
}
