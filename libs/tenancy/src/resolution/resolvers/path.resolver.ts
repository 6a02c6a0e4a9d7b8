import { InvalidTenantIdError, TenancyOptionsError } from '../../tenancy.errors.js';
import type { TenantRequest } from '../tenant-request.js';
import { pathOf } from '../tenant-request.js';
import type { TenantResolver } from '../tenant-resolver.js';

const PLACE = ':tenantId';

/**
 * Reads the tenant id from the place of `:tenantId` at the beginning of the path. The fixed parts match whatever their
 * case and escapes, as they do in a router that ignores case: what a router takes for a tenant must not be missed here.
 */
export class PathTenantResolver implements TenantResolver {
  readonly source: string;
  private readonly segments: readonly string[];

  constructor(pattern = '/tenants/:tenantId') {
    this.segments = segmentsOf(pattern.toLowerCase().replaceAll(PLACE.toLowerCase(), PLACE));
    if (!pattern.startsWith('/') || this.segments.filter((segment) => segment === PLACE).length !== 1) {
      throw new TenancyOptionsError(`${JSON.stringify(pattern)}: the path begins with "/" and has ${PLACE} once.`);
    }
    this.source = `path ${pattern}`;
  }

  resolve(request: TenantRequest): string | undefined {
    const path = pathOf(request);
    // Some URL parsers, Express's among them, read it as a slash at times. Nobody sends it unescaped without intent.
    if (path.includes('\\')) {
      throw new InvalidTenantIdError(path, this.source, 'The path has no backslash in it.');
    }
    const sent = segmentsOf(path);
    if (sent.length < this.segments.length) return undefined;
    let found: string | undefined;
    for (const [index, expected] of this.segments.entries()) {
      const segment = this.decode(sent[index]);
      if (expected === PLACE) found = segment;
      else if (segment.toLowerCase() !== expected) return undefined;
    }
    return found;
  }

  private decode(segment: string): string {
    try {
      return decodeURIComponent(segment);
    } catch {
      throw new InvalidTenantIdError(segment, this.source, 'Escapes in the path are those of UTF-8.');
    }
  }
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}
