import type { Readable } from 'node:stream';
import twilio from 'twilio';

/** How long the provider may take to answer, and then for the body of its answer, in milliseconds. */
const TIMEOUT = 10_000;
/** Its answers have about a thousand. */
const MAX_BODY_CHARACTERS = 65_536;

type Answer<T> = Awaited<ReturnType<typeof twilio.RequestClient.prototype.request<T>>>;

/**
 * Twilio's own HTTP client, at the address that is configured: the SDK knows api.twilio.com alone. A message that the
 * provider says it has taken is taken, whatever else it says: an error of the body's would have it sent once more.
 */
export class TwilioHttpClient extends twilio.RequestClient {
  private readonly baseUrl: string;

  constructor(
    baseUrl: string,
    private readonly timeout = TIMEOUT,
  ) {
    super({ timeout });
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    // The status is known before the body is read.
    this.axios.defaults.responseType = 'stream';
  }

  override async request<T>(
    options: Parameters<twilio.RequestClient['request']>[0] & { data?: T },
  ): Promise<Answer<T>> {
    const { pathname, search } = new URL(options.uri);
    const answer = await super.request<T>({ ...options, uri: this.baseUrl + pathname + search });
    const body = await textOf(answer.body as Readable, this.timeout);
    const isTaken = answer.statusCode >= 200 && answer.statusCode < 300;
    return { ...answer, body: (isTaken ? { sid: sidOf(body) } : body) as Answer<T>['body'] };
  }
}

/** What came of a body; nothing of one that is broken off, too long or too late. */
async function textOf(body: Readable, timeout: number): Promise<string> {
  const timer = setTimeout(() => body.destroy(), timeout);
  let text = '';
  try {
    for await (const chunk of body.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > MAX_BODY_CHARACTERS) return '';
    }
    return text;
  } catch {
    return '';
  } finally {
    clearTimeout(timer);
  }
}

/** What the provider calls the message; `undefined` where it is no name that can be kept. */
function sidOf(body: string): string | undefined {
  try {
    const { sid } = JSON.parse(body) as { sid?: unknown };
    return typeof sid === 'string' && /^[A-Za-z0-9]{1,64}$/.test(sid) ? sid : undefined;
  } catch {
    return undefined;
  }
}
