import { isPossiblePhoneNumber } from 'libphonenumber-js';

/** Whether it is written as E.164 has it and could be given out. Whether somebody has it only the provider knows. */
export function isPhoneNumber(value: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(value) && isPossiblePhoneNumber(value);
}
