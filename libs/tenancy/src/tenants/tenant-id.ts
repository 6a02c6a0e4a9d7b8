import { InvalidTenantIdError } from '../tenancy.errors.js';

/** What a tenant id looks like unless the options say otherwise. */
export const DEFAULT_TENANT_ID_PATTERN = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

const DEFAULT_RULE =
  'An id has 1 to 63 lower-case letters, digits, "-" or "_", and begins and ends with a letter or a digit.';

// Whatever pattern the application configures, an id stays short enough for a header, a key and a log line.
const MAX_LENGTH = 255;

/** The one place that decides whether a string can be a tenant id. It never looks anything up. */
export class TenantIdValidator {
  private readonly pattern: RegExp;
  private readonly rule: string | RegExp;

  constructor(pattern: RegExp = DEFAULT_TENANT_ID_PATTERN) {
    this.rule = String(pattern) === String(DEFAULT_TENANT_ID_PATTERN) ? DEFAULT_RULE : pattern;
    // From the first character to the last, whatever the expression says itself: /acme/ would take "../acme". A global or
    // sticky one keeps a position between calls and would refuse every second request; in a multiline one "$" is any line's.
    this.pattern = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gmy]/g, ''));
  }

  isValid(value: unknown): value is string {
    return typeof value === 'string' && value.length <= MAX_LENGTH && this.pattern.test(value);
  }

  /** Returns the id, or throws `InvalidTenantIdError`. */
  parse(value: unknown, source?: string): string {
    if (this.isValid(value)) return value;
    throw new InvalidTenantIdError(value, source, this.rule);
  }
}
