import type { PipeTransform } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { TenantIdValidator } from 'nestjs-tenancy';

/** Refuses what can be nobody's id, before anything is looked up. */
@Injectable()
export class TenantIdPipe implements PipeTransform<unknown, string> {
  private readonly ids = new TenantIdValidator();

  transform(value: unknown): string {
    return this.ids.parse(value, 'the path');
  }
}
