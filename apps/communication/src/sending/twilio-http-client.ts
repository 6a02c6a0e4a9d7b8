import twilio from 'twilio';

/** Twilio's own HTTP client, at the address that is configured: the SDK knows api.twilio.com alone. */
export class TwilioHttpClient extends twilio.RequestClient {
  private readonly baseUrl: string;

  constructor(baseUrl: string) {
    super({ timeout: 10_000 });
    this.baseUrl = baseUrl.replace(/\/+$/, '');
  }

  override request<T>(
    options: Parameters<twilio.RequestClient['request']>[0] & { data?: T },
  ): ReturnType<typeof twilio.RequestClient.prototype.request<T>> {
    const { pathname, search } = new URL(options.uri);
    return super.request<T>({ ...options, uri: this.baseUrl + pathname + search });
  }
}
