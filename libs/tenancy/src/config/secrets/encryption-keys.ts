import type { KeyObject } from 'node:crypto';
import { createSecretKey } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { TenancyOptionsError } from '../../tenancy.errors.js';

/** A key that secrets are encrypted with. */
export interface TenantConfigEncryptionKey {
  /** Stands in what is stored: 1 to 64 letters, digits, "-" or "_", and never another key's. */
  readonly id: string;
  /** 32 random bytes, or their base64 or hex: `openssl rand -base64 32`. */
  readonly key: string | Uint8Array | KeyObject;
}

/** How the secrets among the settings are encrypted. */
export interface TenantConfigEncryptionOptions {
  /**
   * The newest first: it encrypts, and all of them decrypt. To replace one, put the new one before it, run
   * `TenantConfigService.reencrypt()` for every tenant, then take the old one away. Without any, secrets can neither be
   * stored nor read.
   */
  readonly keys: readonly TenantConfigEncryptionKey[];
}

const BYTES = 32;

/** The keys by their ids, in the order in which they were given. Throws `TenancyOptionsError`, which repeats no key. */
export function readEncryptionKeys(given: readonly TenantConfigEncryptionKey[]): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const { id, key } of given) {
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
      throw new TenancyOptionsError('config.encryption: the id of a key has 1 to 64 letters, digits, "-" or "_".');
    }
    if (keys.has(id)) throw new TenancyOptionsError(`config.encryption: two keys have the id ${id}.`);
    keys.set(id, keyOf(id, key));
  }
  return keys;
}

function keyOf(id: string, key: TenantConfigEncryptionKey['key']): KeyObject {
  const bytes = bytesOf(key);
  if (bytes?.byteLength === BYTES) return createSecretKey(bytes);
  if (isSecretKey(key) && key.symmetricKeySize === BYTES) return key;
  throw new TenancyOptionsError(
    `config.encryption: the key ${id} is not 32 bytes, as base64 or hex. Make one with: openssl rand -base64 32`,
  );
}

function bytesOf(key: TenantConfigEncryptionKey['key']): Uint8Array | undefined {
  if (isUint8Array(key)) return key;
  if (typeof key !== 'string') return undefined;
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex');
  // Buffer.from() passes over what is no base64: a key that was cut or mistyped would be another one.
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(key) ? Buffer.from(key, 'base64') : undefined;
}

function isSecretKey(key: TenantConfigEncryptionKey['key']): key is KeyObject {
  return typeof key === 'object' && key !== null && 'symmetricKeySize' in key;
}
