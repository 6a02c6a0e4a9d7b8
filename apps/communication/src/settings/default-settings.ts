import type { Environment } from '../environment.js';
import type { Settings } from './settings.js';

/** What holds for a tenant that has not set it. */
export function defaultSettings({ EMAIL_FROM, SMS_SENDER_ID }: Environment): Settings {
  return {
    ...(EMAIL_FROM === undefined ? {} : { 'email.from': EMAIL_FROM }),
    ...(SMS_SENDER_ID === undefined ? {} : { 'sms.senderId': SMS_SENDER_ID }),
    'email.enabled': true,
    'sms.enabled': true,
  };
}
