import { TenantChangeRefusedError, TenantNotFoundError } from '../tenancy.errors.js';
import type { HttpAnswer, HttpCalls } from './http-calls.js';
import { issuesOf, refusedAnswer, segment, unexpected } from './http-calls.js';
import { saysNobody } from './http-not-found.js';
import type { PlannedDrop, PlannedDrops } from './tenant-administration.js';
import type { TenantPage } from './tenant-store.js';
import type { TenantStatus } from './tenant.js';
import { isRecord } from './tenant.js';

/** What is longer or has line breaks is no code. */
const REASON = /^[A-Z][A-Z0-9_]{1,63}$/;
const MAX_DETAIL = 500;

/** Changes of tenants, as requests to a tenant management service. */
export class HttpAdministration {
  constructor(private readonly calls: HttpCalls) {}

  /** The body of the answer. A 400 and a 409 are refusals, and say by their code why. */
  async change(method: string, id: string, path: string, body?: unknown): Promise<unknown> {
    return this.calls.send(method, path, { body, timeout: this.timeout }, async (answer) => {
      if (await saysNobody(answer)) throw new TenantNotFoundError(id);
      if (answer.status === 400 || answer.status === 409) throw await refusalOf(id, answer);
      if (answer.status === 204) return undefined;
      if (answer.status !== 200 && answer.status !== 201) throw unexpected(answer);
      return answer.read();
    });
  }

  async drop(id: string, confirm: string, erase = false): Promise<void> {
    const query = new URLSearchParams({ confirm, ...(erase ? { erase: 'true' } : {}) });
    await this.change('DELETE', id, `/tenants/${segment(id)}?${query.toString()}`);
  }

  async plannedDrops({ limit = 50, offset = 0 }: Partial<TenantPage> = {}): Promise<PlannedDrops> {
    const body = await this.calls.send('GET', `/drops?limit=${limit}&offset=${offset}`, {}, (answer) => {
      if (answer.status !== 200) throw unexpected(answer);
      return answer.read();
    });
    if (!isRecord(body) || !Array.isArray(body.drops) || typeof body.total !== 'number') {
      throw refusedAnswer('the list of drops has not the shape { drops, total }');
    }
    return { drops: body.drops.map(toPlannedDrop), total: body.total };
  }

  private get timeout(): number {
    return this.calls.options.administrationTimeout ?? 60_000;
  }
}

async function refusalOf(id: string, answer: HttpAnswer): Promise<Error> {
  const body = await answer.read().catch(() => undefined);
  if (!isRecord(body) || typeof body.code !== 'string' || !REASON.test(body.code)) {
    return unexpected(answer, ' and does not say why');
  }
  const detail = typeof body.detail === 'string' ? body.detail : 'The service does not say more.';
  const fields = issuesOf(body).map(({ key, message }) => `${key}: ${message}`);
  const text = [detail, ...fields].join(' ').slice(0, MAX_DETAIL);
  return new TenantChangeRefusedError(id, body.code, text);
}

function toPlannedDrop(value: unknown): PlannedDrop {
  const { id, status, dropAfter, isDue } = isRecord(value) ? value : {};
  const date = new Date(typeof dropAfter === 'string' ? dropAfter : Number.NaN);
  if (typeof id !== 'string' || typeof isDue !== 'boolean' || Number.isNaN(date.getTime())) {
    throw refusedAnswer('a planned drop has not the shape { id, status, dropAfter, isDue }');
  }
  return { id, status: status as TenantStatus, dropAfter: date, isDue };
}
