import type { TenancyModuleOptions } from '../../tenancy-options.interface.js';
import { isRecord } from '../../tenants/tenant.js';

const HIDDEN = '***';

/** Takes passwords out of what is printed: those in addresses, and those that the options hold, wherever they turn up. */
export class Redaction {
  private known: readonly string[] = [];

  /** Learns the passwords of an application's database servers. */
  learn({ database }: TenancyModuleOptions): void {
    this.known = [...passwordsIn(database)].sort((a, b) => b.length - a.length);
  }

  of(text: string): string {
    // Up to the last "@" before a path: a password may hold one.
    const withoutAddresses = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']*@/gi, `$1${HIDDEN}@`);
    return this.known.reduce((left, secret) => left.replaceAll(secret, HIDDEN), withoutAddresses);
  }
}

function* passwordsIn(value: unknown, depth = 0): Generator<string> {
  if (!isRecord(value) || depth > 3) return;
  for (const [key, part] of Object.entries(value)) {
    if (typeof part === 'string' && part !== '') {
      if (/passw/i.test(key)) yield part;
      else if (/url|connectionString/i.test(key) && URL.canParse(part)) {
        const { password } = new URL(part);
        if (password !== '') yield* new Set([password, decoded(password)]);
      }
    } else yield* passwordsIn(part, depth + 1);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
