import { TenantConfigConflictError, TenantConfigInvalidError, TenantNotFoundError } from '../tenancy.errors.js';
import { followChanges } from './follow-changes.js';
import { HttpAdministration } from './http-administration.js';
import type { HttpAnswer, HttpCall, HttpTenantStoreOptions } from './http-calls.js';
import { HttpCalls, isSegment, issuesOf, refusedAnswer, segment, unexpected, unusable } from './http-calls.js';
import type {
  NewTenant,
  PlannedDrops,
  TenantAdministration,
  TenantChange,
  TenantDrop,
  TenantPlacement,
} from './tenant-administration.js';
import { assertDomains, foldDomain } from './tenant-domains.js';
import type { Tenant, TenantInit } from './tenant.js';
import { defineTenant, isRecord } from './tenant.js';
import type {
  TenantChangeListener,
  TenantConfigCondition,
  TenantList,
  TenantPage,
  TenantStore,
  TenantWatch,
} from './tenant-store.js';
import { saysNobody } from './http-not-found.js';
import { keepWatching } from './keep-watching.js';

/**
 * Asks a tenant management service: `GET /tenants/:id`, `GET /domains/:domain`, `GET /tenants?limit&offset` and
 * `PATCH /tenants/:id/config`. A 404 is the only answer that means "there is none": with a JSON object as its body (`application/json` or
 * `application/problem+json`), whose `code`, where it has one, is `TENANT_NOT_FOUND`. A proxy's own 404 is none. A 400 to a
 * change is a `TenantConfigInvalidError`; whatever else goes wrong is a `TenantServiceUnavailableError`. A refusal (400, 405, 409, 413, 414, 415, 422, 431) is one of
 * that question, and no sign that the service is down. Redirects are not followed, and a body that is another tenant's is
 * refused.
 *
 * The version that settings must have is sent as `If-Match`, as `configVersionOf()` counts it. A service that compares
 * answers with an `ETag`, or with 409 and the code `TENANT_CONFIG_CONFLICT`, or 412: `TenantConfigConflictError`.
 *
 * As the administration of its tenants it sends `POST /tenants`, `PATCH` and `DELETE /tenants/:id?confirm&erase`,
 * `POST /tenants/:id/suspend`, `restore`, `archive` and `place`, and `GET /drops?limit&offset`. The `code` of a 400 or 409 is
 * the `reason` of a `TenantChangeRefusedError`.
 *
 * @example new HttpTenantStore({ baseUrl: 'http://localhost:3001', token: process.env.TENANT_MANAGEMENT_TOKEN })
 */
export class HttpTenantStore implements TenantStore, TenantAdministration {
  private readonly calls: HttpCalls;
  private readonly administration: HttpAdministration;

  constructor(options: HttpTenantStoreOptions) {
    this.calls = new HttpCalls(options);
    this.administration = new HttpAdministration(this.calls);
  }

  async findById(id: string): Promise<Tenant | undefined> {
    if (!isSegment(id)) return undefined;
    const body = await this.get(`/tenants/${segment(id)}`);
    return body === undefined ? undefined : this.tenant(body, id);
  }

  async findByDomain(domain: string): Promise<Tenant | undefined> {
    if (!isSegment(domain)) return undefined;
    const body = await this.get(`/domains/${segment(domain)}`);
    if (body === undefined) return undefined;
    const tenant = this.tenant(body);
    if (!tenant.domains.includes(foldDomain(domain)))
      throw refusedAnswer(`the answer for ${domain} is a tenant without that domain`);
    return tenant;
  }

  async list({ limit, offset }: TenantPage): Promise<TenantList> {
    const body = await this.get(`/tenants?limit=${limit}&offset=${offset}`, { tenants: Math.max(1, limit) });
    if (!isRecord(body) || !Array.isArray(body.tenants) || typeof body.total !== 'number') {
      throw refusedAnswer('the list of tenants has not the shape { tenants, total }');
    }
    return { tenants: body.tenants.map((tenant) => this.tenant(tenant)), total: body.total };
  }

  async updateConfig(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    { ifVersion, basedOn = ifVersion }: TenantConfigCondition = {},
  ): Promise<Tenant> {
    const path = `/tenants/${segment(id)}/config`;
    await this.calls.send('PATCH', path, { body: patch, ifMatch: basedOn }, async (answer) => {
      if (await saysNobody(answer)) throw new TenantNotFoundError(id);
      if (answer.status === 400) throw await refusedSettings(answer);
      if (basedOn !== undefined && (await isConflict(answer))) throw new TenantConfigConflictError(id);
      await read(answer);
      if (ifVersion === undefined || answer.headers.get('etag') !== null) return;
      throw unusable('it does not compare the versions of settings: its answer to a change has no ETag');
    });
    const tenant = await this.findById(id);
    if (!tenant) throw new TenantNotFoundError(id);
    return tenant;
  }

  async createTenant(wanted: NewTenant): Promise<Tenant> {
    assertDomains(wanted.id, wanted.domains);
    return this.tenant(await this.administration.change('POST', wanted.id, '/tenants', wanted), wanted.id);
  }

  async changeTenant(id: string, change: TenantChange): Promise<Tenant> {
    assertDomains(id, change.domains);
    return this.tenant(await this.administration.change('PATCH', id, `/tenants/${segment(id)}`, change), id);
  }

  suspendTenant(id: string): Promise<Tenant> {
    return this.post(id, 'suspend');
  }

  restoreTenant(id: string): Promise<Tenant> {
    return this.post(id, 'restore');
  }

  archiveTenant(id: string): Promise<Tenant> {
    return this.post(id, 'archive');
  }

  placeTenant(id: string, placement: TenantPlacement): Promise<Tenant> {
    return this.post(id, 'place', placement);
  }

  dropTenant(id: string, { confirm, erase }: TenantDrop): Promise<void> {
    return this.administration.drop(id, confirm, erase);
  }

  plannedDrops(page?: Partial<TenantPage>): Promise<PlannedDrops> {
    return this.administration.plannedDrops(page);
  }

  /** Follows `GET /changes`, a stream of server-sent events: `ready`, `changed` with `{ id }`, `lost`, and `heartbeat`. */
  watch(listener: TenantChangeListener): TenantWatch {
    return keepWatching(listener, (channel) => followChanges(this.calls, channel));
  }

  private async post(id: string, action: string, body?: unknown): Promise<Tenant> {
    return this.tenant(await this.administration.change('POST', id, `/tenants/${segment(id)}/${action}`, body), id);
  }

  /** The parsed body, or `undefined` where there is none. */
  private get(path: string, call: HttpCall = {}): Promise<unknown> {
    return this.calls.send('GET', path, call, async (answer) =>
      (await saysNobody(answer)) ? undefined : read(answer),
    );
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
}

function read(answer: HttpAnswer): Promise<unknown> {
  if (answer.status >= 200 && answer.status < 300) return answer.read();
  throw unexpected(answer);
}

async function isConflict(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 409) return answer.status === 412;
  const body = await answer.read().catch(() => undefined);
  if (isRecord(body) && body.code === 'TENANT_CONFIG_CONFLICT') return true;
  throw unexpected(answer);
}

async function refusedSettings(answer: HttpAnswer): Promise<Error> {
  const issues = issuesOf(await answer.read().catch(() => undefined));
  return issues.length > 0 ? new TenantConfigInvalidError(issues) : unexpected(answer, ' and does not say why');
}
