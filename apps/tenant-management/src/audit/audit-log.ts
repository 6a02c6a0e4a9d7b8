import { Injectable, Logger } from '@nestjs/common';

/** One line for each change: who made it, what was done, to which tenant. Never a token, nor a value of a setting. */
@Injectable()
export class AuditLog {
  private readonly logger = new Logger('Audit');

  record(caller: string, change: string): void {
    this.logger.log(`token ${caller} ${change}`);
  }
}
