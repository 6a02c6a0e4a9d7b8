import { wholeNumber } from '../http/whole-number.js';
import type { CaughtSms } from './caught-sms.js';
import { countSegments } from './sms-segments.js';

/** Twilio's Message resource: https://www.twilio.com/docs/messaging/api/message-resource */
export function toTwilioMessage(sms: CaughtSms) {
  const uri = `/2010-04-01/Accounts/${sms.accountSid}/Messages/${sms.sid}`;
  const created = sms.created.toUTCString().replace('GMT', '+0000');
  return {
    account_sid: sms.accountSid,
    api_version: '2010-04-01',
    body: sms.body,
    date_created: created,
    date_sent: null,
    date_updated: created,
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: sms.from,
    messaging_service_sid: sms.messagingServiceSid,
    num_media: '0',
    num_segments: String(countSegments(sms.body)),
    price: null,
    price_unit: 'USD',
    sid: sms.sid,
    status: 'queued',
    subresource_uris: { media: `${uri}/Media.json` },
    to: sms.to,
    uri: `${uri}.json`,
  };
}

/** A page of Twilio's list: https://www.twilio.com/docs/usage/twilios-response#response-formats-list-paging-information */
export function toTwilioPage(path: string, query: URLSearchParams, all: readonly CaughtSms[]) {
  const pageSize = Math.min(Math.max(wholeNumber(query.get('PageSize')) ?? 50, 1), 1_000);
  const page = wholeNumber(query.get('Page')) ?? 0;
  const [to, from] = [query.get('To'), query.get('From')];
  const matching = all.filter((sms) => (to === null || sms.to === to) && (from === null || sms.from === from));
  const start = page * pageSize;
  const messages = matching.slice(start, start + pageSize);

  const uriOf = (number: number) => {
    const parameters = new URLSearchParams(query);
    parameters.set('PageSize', String(pageSize));
    parameters.set('Page', String(number));
    return `${path}?${parameters.toString()}`;
  };
  return {
    first_page_uri: uriOf(0),
    end: start + Math.max(messages.length - 1, 0),
    previous_page_uri: page > 0 ? uriOf(page - 1) : null,
    messages: messages.map(toTwilioMessage),
    uri: uriOf(page),
    page_size: pageSize,
    start,
    next_page_uri: start + pageSize < matching.length ? uriOf(page + 1) : null,
    page,
  };
}
