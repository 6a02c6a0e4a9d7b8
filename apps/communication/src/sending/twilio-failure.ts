import { SendError } from './message-sender.js';

interface TwilioError {
  readonly status?: number;
  /** https://www.twilio.com/docs/api/errors; a network's failure has a text such as ECONNREFUSED here. */
  readonly code?: number | string;
}

/** What a failure of the provider means. Its own words are not repeated. */
export function twilioFailure(cause: unknown): SendError {
  const { status, code } = cause as TwilioError;
  if (status === undefined) {
    const reason = code === 'ECONNABORTED' || code === 'ETIMEDOUT' ? 'did not answer in time' : 'could not be reached';
    return new SendError(`The SMS provider ${reason}.`, { cause });
  }
  if (status === 401 || status === 403) {
    return new SendError('The SMS provider refused the login of this service.', { cause });
  }
  // Without a code it is not Twilio that refused the message, but something on the way to it.
  if (status >= 400 && status < 500 && status !== 429 && typeof code === 'number') {
    return new SendError(`The SMS provider refused the message (error ${code}).`, { permanent: true, cause });
  }
  return new SendError(`The SMS provider cannot take the message now (${status}).`, { cause });
}
