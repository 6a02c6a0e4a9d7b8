import { InvalidArgumentError } from 'commander';

/** Reads the value of an option that is a whole number. */
export function whole(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
