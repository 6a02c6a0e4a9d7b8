import {
  TenancyError,
  TenancyOptionsError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
} from '../tenancy.errors.js';
import { isRecord } from './tenant.js';
import { UnusableAnswerError } from './unusable-answer.js';

/** How `HttpTenantStore` reaches the tenant management service. */
export interface HttpTenantStoreOptions {
  /** The service's address, such as `http://tenant-management:3001`; a path in it is kept. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  /** How long one call may take, its body included, in milliseconds. @defaultValue `2_000` */
  readonly timeout?: number;
  /** The same for making, changing and dropping a tenant. @defaultValue `60_000` */
  readonly administrationTimeout?: number;
  /**
   * The largest body that is read, in bytes; a larger one is an error. A page of tenants may be as large for each tenant that it
   * was asked for. @defaultValue `1_048_576`
   */
  readonly maxBodyBytes?: number;
  /**
   * After how long without a word the stream of changes is given up and opened anew, in milliseconds. Longer than the service
   * is silent, which is 3 seconds. @defaultValue `10_000`
   */
  readonly watchSilence?: number;
}

export interface HttpCall {
  readonly body?: unknown;
  /** The version that the settings must have. */
  readonly ifMatch?: string;
  readonly timeout?: number;
  /** How many tenants the answer may be of. @defaultValue `1` */
  readonly tenants?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body. */
  read(): Promise<unknown>;
}

/** Calls to the tenant management service. Whatever goes wrong with one is a `TenantServiceUnavailableError`. */
export class HttpCalls {
  private readonly baseUrl: string;
  private readonly maxBodyBytes: number;
  readonly options: Omit<HttpTenantStoreOptions, 'token'>;
  // What a logger or a debugger prints of an object is all but this.
  readonly #token: string | undefined;

  constructor({ token, ...options }: HttpTenantStoreOptions) {
    this.options = options;
    this.#token = token;
    this.baseUrl = addressOf(options.baseUrl);
    // fetch() would name the token in the error it throws for it.
    if (/[^\x21-\x7e]/.test(token ?? '')) {
      throw new TenancyOptionsError('HttpTenantStore: the token has a character that a header cannot carry.');
    }
    this.maxBodyBytes = options.maxBodyBytes ?? 1_048_576;
  }

  /** Sends a request, and hands on its answer as long as that is looked at. */
  async send<T>(
    method: string,
    path: string,
    { body, ifMatch, timeout = this.options.timeout ?? 2_000, tenants = 1 }: HttpCall,
    use: (answer: HttpAnswer) => T | Promise<T>,
  ): Promise<T> {
    try {
      const response = await fetch(this.baseUrl + path, {
        method,
        // A redirect would send the token, and the question, to wherever the answer points.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeout),
        headers: {
          accept: 'application/json',
          ...this.authorization(),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { status, headers } = response;
      const read = async () => JSON.parse(await text(response, this.maxBodyBytes * tenants)) as unknown;
      try {
        return await use({ status, headers, read });
      } finally {
        if (!response.bodyUsed) await response.body?.cancel();
      }
    } catch (error) {
      if (error instanceof TenancyError) throw error;
      throw unusable(`${method} ${path.split('?')[0]} failed`, error);
    }
  }

  /** Opens a stream of events, which lasts until the signal says otherwise. */
  stream(path: string, signal: AbortSignal): Promise<Response> {
    const headers = { accept: 'text/event-stream', ...this.authorization() };
    return fetch(this.baseUrl + path, { redirect: 'manual', signal, headers });
  }

  private authorization(): { authorization?: string } {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }
}

async function text(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw refusedAnswer(`its answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One part of a path. What cannot be one is the id of nobody. */
export function segment(value: string): string {
  if (!isSegment(value)) throw new TenantNotFoundError(value);
  return encodeURIComponent(value);
}

/** encodeURIComponent leaves "." and ".." as they are, and a URL resolves them away. */
export function isSegment(value: string): boolean {
  return value !== '' && value !== '.' && value !== '..';
}

/** What the service has against single fields: the `errors` of its answer. */
export function issuesOf(body: unknown): Array<{ key: string; message: string }> {
  const errors: unknown[] = isRecord(body) && Array.isArray(body.errors) ? body.errors : [];
  return errors.filter(isRecord).map(({ key, message }) => ({ key: String(key), message: String(message) }));
}

// The service works, and has something against this one request: asked again it would say the same.
const REFUSALS: ReadonlySet<number> = new Set([400, 405, 409, 413, 414, 415, 422, 431]);

/** An answer of a status that says nothing of what was asked for. */
export function unexpected({ status }: Pick<HttpAnswer, 'status'>, detail = ''): TenantServiceUnavailableError {
  return (REFUSALS.has(status) ? refusedAnswer : unusable)(`it answered ${status}${detail}`);
}

export function unusable(reason: string, cause?: unknown): TenantServiceUnavailableError {
  return new TenantServiceUnavailableError(`The tenant management service cannot be used: ${reason}.`, { cause });
}

export function refusedAnswer(reason: string, cause?: unknown): UnusableAnswerError {
  return new UnusableAnswerError(`The tenant management service cannot be used: ${reason}.`, { cause });
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
