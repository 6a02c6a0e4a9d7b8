import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable, Logger } from '@nestjs/common';
import { ProblemException } from 'problem-details';
import type { Observable } from 'rxjs';
import { catchError } from 'rxjs';
import { isDatabaseAway } from './database-away.js';

const RETRY_AFTER_SECONDS = 1;

/** Answers 503 while the database is away: the client did nothing wrong, and what it asked for is not gone. */
@Injectable()
export class DatabaseAwayInterceptor implements NestInterceptor {
  private readonly logger = new Logger('Database');

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (!isDatabaseAway(error)) throw error;
        this.logger.warn(error instanceof Error ? error.message : String(error));
        throw new ProblemException(
          503,
          'DATABASE_UNAVAILABLE',
          'The registry cannot reach its database now. Try again.',
          undefined,
          RETRY_AFTER_SECONDS,
        );
      }),
    );
  }
}
