import { SettingFault } from './setting-fault.js';
import { looksSealed } from './secrets/sealed-secrets.js';

export const MAX_BYTES = 16_384;
export const MAX_DEPTH = 5;
// A key of this name, at any depth, would change what objects are when somebody merges it the short way.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** A fault, and where in a value it is. */
export class PlacedFault extends SettingFault {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** Throws `PlacedFault` for what no schema should have to see, and no reader. */
export function assertPlain(value: unknown, path: string, depth = 1): void {
  if (looksSealed(value)) throw new PlacedFault(path, 'Is an encrypted secret, and this is not its place.');
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new PlacedFault(path, `Deeper than ${MAX_DEPTH} levels.`);
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (FORBIDDEN.has(key)) throw new PlacedFault(at, 'This key is reserved.');
    assertPlain(inner, at, depth + 1);
  }
}

export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Whether a key, or a part of it, is one that every object has. */
export function isReserved(key: string): boolean {
  return key.split('.').some((part) => part in Object.prototype || FORBIDDEN.has(part));
}
