import { TenancyOptionsError } from '../tenancy.errors.js';

const MAX_DEPTH = 100;

/**
 * A copy, frozen at any depth, of a value that JSON can hold: what one reader gets, no other can change. Throws
 * `TenancyOptionsError` for anything else, which a store or a shared cache would lose anyway.
 */
export function frozenJson(value: unknown, place: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new TenancyOptionsError(`${place}: deeper than ${MAX_DEPTH} levels, or within itself.`);
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((inner) => frozenJson(inner, place, depth + 1)));
  if (!isPlainObject(value))
    throw new TenancyOptionsError(`${place}: ${nameOf(value)} is no value that JSON can hold.`);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  // fromEntries() makes own properties of all keys, of "__proto__" too.
  return Object.freeze(
    Object.fromEntries(entries.map(([key, inner]) => [key, frozenJson(inner, `${place}.${key}`, depth + 1)])),
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : typeof value;
}
