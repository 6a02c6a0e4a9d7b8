import { SendError } from './message-sender.js';

interface SmtpError {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/** What a failure of the mail server means. Its own words may name hosts, so none of them are repeated. */
export function smtpFailure(cause: unknown): SendError {
  const { code, responseCode, command } = cause as SmtpError;
  if (code === 'EAUTH') return new SendError('The mail server refused the login of this service.', { cause });
  if (responseCode !== undefined && responseCode >= 500 && command !== 'CONN' && command !== 'EHLO') {
    const what = code === 'EENVELOPE' ? 'an address of the message' : 'the message';
    return new SendError(`The mail server refused ${what} (${responseCode}).`, { permanent: true, cause });
  }
  if (responseCode !== undefined) {
    return new SendError(`The mail server cannot take the message now (${responseCode}).`, { cause });
  }
  if (code === 'ETIMEDOUT') return new SendError('The mail server did not answer in time.', { cause });
  return new SendError('The mail server could not be reached.', { cause });
}
