import { z } from 'zod';

const email = z.email().max(254);

export function isEmailAddress(value: string): boolean {
  return email.safeParse(value).success;
}
