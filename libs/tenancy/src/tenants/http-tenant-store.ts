import {
  TenancyError,
  TenancyOptionsError,
  TenantConfigConflictError,
  TenantConfigInvalidError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
} from '../tenancy.errors.js';
import type { Tenant, TenantInit } from './tenant.js';
import { defineTenant, isRecord } from './tenant.js';
import type { TenantConfigCondition, TenantList, TenantPage, TenantStore } from './tenant-store.js';
import { UnusableAnswerError } from './unusable-answer.js';

/** How `HttpTenantStore` reaches the tenant management service. */
export interface HttpTenantStoreOptions {
  /** The service's address, such as `http://tenant-management:3001`; a path in it is kept. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  /** How long one call may take, its body included, in milliseconds. @defaultValue `2_000` */
  readonly timeout?: number;
  /** The largest body that is read, in bytes; a larger one is an error. @defaultValue `1_048_576` */
  readonly maxBodyBytes?: number;
}

/**
 * Asks a tenant management service: `GET /tenants/:id`, `GET /domains/:domain`, `GET /tenants?limit&offset` and
 * `PATCH /tenants/:id/config`. A 404 is the only answer that means "there is none", and a 400 to a change is a
 * `TenantConfigInvalidError`; whatever else goes wrong is a `TenantServiceUnavailableError`. Redirects are not followed,
 * and a body that is another tenant's is refused.
 *
 * The version that settings must have is sent as `If-Match`, as `configVersionOf()` counts it. A service that compares
 * answers with an `ETag`, or with 409 and the code `TENANT_CONFIG_CONFLICT`, or 412: `TenantConfigConflictError`.
 *
 * @example new HttpTenantStore({ baseUrl: 'http://localhost:3001', token: process.env.TENANT_MANAGEMENT_TOKEN })
 */
export class HttpTenantStore implements TenantStore {
  private readonly baseUrl: string;
  private readonly timeout: number;
  private readonly maxBodyBytes: number;

  constructor(private readonly options: HttpTenantStoreOptions) {
    this.baseUrl = addressOf(options.baseUrl);
    // fetch() would name the token in the error it throws for it.
    if (/[^\x21-\x7e]/.test(options.token ?? '')) {
      throw new TenancyOptionsError('HttpTenantStore: the token has a character that a header cannot carry.');
    }
    this.timeout = options.timeout ?? 2_000;
    this.maxBodyBytes = options.maxBodyBytes ?? 1_048_576;
  }

  async findById(id: string): Promise<Tenant | undefined> {
    const body = await this.call('GET', `/tenants/${segment(id)}`);
    return body === undefined ? undefined : this.tenant(body, id);
  }

  async findByDomain(domain: string): Promise<Tenant | undefined> {
    const body = await this.call('GET', `/domains/${segment(domain)}`);
    if (body === undefined) return undefined;
    const tenant = this.tenant(body);
    if (!tenant.domains.includes(domain))
      throw refusedAnswer(`the answer for ${domain} is a tenant without that domain`);
    return tenant;
  }

  async list({ limit, offset }: TenantPage): Promise<TenantList> {
    const body = await this.call('GET', `/tenants?limit=${limit}&offset=${offset}`);
    if (!isRecord(body) || !Array.isArray(body.tenants) || typeof body.total !== 'number') {
      throw refusedAnswer('the list of tenants has not the shape { tenants, total }');
    }
    return { tenants: body.tenants.map((tenant) => this.tenant(tenant)), total: body.total };
  }

  async updateConfig(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    condition: TenantConfigCondition = {},
  ): Promise<Tenant> {
    const found = await this.call('PATCH', `/tenants/${segment(id)}/config`, { body: patch, id, ...condition });
    if (found === undefined) throw new TenantNotFoundError(id);
    const tenant = await this.findById(id);
    if (!tenant) throw new TenantNotFoundError(id);
    return tenant;
  }

  private tenant(body: unknown, askedId?: string): Tenant {
    if (!isRecord(body)) throw refusedAnswer('the answer is not an object');
    if (askedId !== undefined && body.id !== askedId)
      throw refusedAnswer(`the answer for ${askedId} is another tenant`);
    try {
      return defineTenant(body as unknown as TenantInit);
    } catch (error) {
      throw refusedAnswer('the answer is not a tenant', error);
    }
  }

  /** The parsed body, or `undefined` for a 404. */
  private async call(method: string, path: string, change: Partial<Change> = {}): Promise<unknown> {
    const { body, id, ifVersion, basedOn = ifVersion } = change;
    try {
      const response = await fetch(this.baseUrl + path, {
        method,
        // A redirect would send the token, and the question, to wherever the answer points.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.timeout),
        headers: {
          accept: 'application/json',
          ...(this.options.token ? { authorization: `Bearer ${this.options.token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(basedOn === undefined ? {} : { 'if-match': `"${basedOn}"` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      if (response.status === 400 && body !== undefined) throw refused(JSON.parse(await this.read(response)));
      if (id !== undefined && basedOn !== undefined && (await this.isConflict(response))) {
        throw new TenantConfigConflictError(id);
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw unusable(`it answered ${response.status}`);
      }
      const answer: unknown = JSON.parse(await this.read(response));
      if (ifVersion !== undefined && response.headers.get('etag') === null) {
        throw unusable('it does not compare the versions of settings: its answer to a change has no ETag');
      }
      return answer;
    } catch (error) {
      if (error instanceof TenancyError) throw error;
      throw unusable(`${method} ${path.split('?')[0]} failed`, error);
    }
  }

  private async isConflict(response: Response): Promise<boolean> {
    if (response.status !== 409) return response.status === 412;
    const body: unknown = JSON.parse(await this.read(response));
    if (isRecord(body) && body.code === 'TENANT_CONFIG_CONFLICT') return true;
    throw unusable('it answered 409');
  }

  private async read(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > this.maxBodyBytes) throw refusedAnswer(`its answer is larger than ${this.maxBodyBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

interface Change extends TenantConfigCondition {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Without its last slash. Credentials are no part of it: they would stand in every error and log line. */
function addressOf(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new TenancyOptionsError(
      'HttpTenantStore: baseUrl is the address of the service and no more, such as http://tenant-management:3001. ' +
        'Credentials go into `token`.',
    );
  }
  return url.href.replace(/\/+$/, '');
}

function segment(value: string): string {
  // encodeURIComponent leaves "." and ".." as they are, and a URL resolves them away.
  if (value === '' || value === '.' || value === '..') throw unusable(`${JSON.stringify(value)} cannot be asked for`);
  return encodeURIComponent(value);
}

/** What the service has against a change: the `errors` of its answer. */
function refused(body: unknown): TenancyError {
  const errors: unknown[] = isRecord(body) && Array.isArray(body.errors) ? body.errors : [];
  const issues = errors.filter(isRecord).map(({ key, message }) => ({ key: String(key), message: String(message) }));
  return issues.length > 0 ? new TenantConfigInvalidError(issues) : unusable('it answered 400 and does not say why');
}

function unusable(reason: string, cause?: unknown): TenantServiceUnavailableError {
  return new TenantServiceUnavailableError(`The tenant management service cannot be used: ${reason}.`, { cause });
}

function refusedAnswer(reason: string, cause?: unknown): UnusableAnswerError {
  return new UnusableAnswerError(`The tenant management service cannot be used: ${reason}.`, { cause });
}
