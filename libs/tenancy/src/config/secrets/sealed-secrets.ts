import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SettingFault } from '../setting-fault.js';
import type { TenantConfigEncryptionOptions } from './encryption-keys.js';
import { readEncryptionKeys } from './encryption-keys.js';

const CIPHER = 'aes-256-gcm';
const PREFIX = 'sealed:';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^sealed:v1:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{38,})$/;

/** Whether a value is an encrypted secret as `TenantConfigService` stores it. Says nothing about whose it is. */
export function isSealedSecret(value: unknown): value is string {
  return typeof value === 'string' && SEALED.test(value);
}

/** Whether a value could be taken for one. */
export function looksSealed(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(PREFIX);
}

/**
 * Encrypts secrets for one setting of one tenant, and reads them there only: tenant and setting are authenticated with the
 * text, so that one that is copied to another place cannot be read.
 */
export class SealedSecrets {
  private readonly keys: ReturnType<typeof readEncryptionKeys>;
  private readonly newest: string | undefined;

  constructor({ keys }: TenantConfigEncryptionOptions) {
    this.keys = readEncryptionKeys(keys);
    [this.newest] = this.keys.keys();
  }

  /** `sealed:v1:<key id>:<iv, tag and ciphertext>`. Throws `SettingFault` where there is no key. */
  seal(value: unknown, tenantId: string, setting: string): string {
    const { newest } = this;
    if (newest === undefined) throw new SettingFault('Secrets cannot be stored: config.encryption has no key.');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys.get(newest)!, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(placeOf(tenantId, setting, newest));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return `${PREFIX}v1:${newest}:${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`;
  }

  /** Throws `SettingFault` for whatever was not encrypted for this place with a known key. */
  open(sealed: unknown, tenantId: string, setting: string): unknown {
    const [, id, envelope] = (typeof sealed === 'string' && SEALED.exec(sealed)) || [];
    if (id === undefined) throw new SettingFault('Is not encrypted. Secrets are stored with update() only.');
    const key = this.keys.get(id);
    if (!key) throw new SettingFault(`Was encrypted with the key ${id}, which config.encryption does not have.`);
    const bytes = Buffer.from(envelope, 'base64url');
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(placeOf(tenantId, setting, id));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      return JSON.parse(Buffer.concat([text, decipher.final()]).toString('utf8')) as unknown;
    } catch {
      throw new SettingFault('Cannot be decrypted: it was encrypted for another tenant or setting, or was changed.');
    }
  }

  /** Whether it was encrypted with the key that encrypts now. */
  isCurrent(sealed: unknown): boolean {
    return this.newest !== undefined && typeof sealed === 'string' && SEALED.exec(sealed)?.[1] === this.newest;
  }
}

/** JSON, so that no two places have one text. */
function placeOf(tenantId: string, setting: string, keyId: string): Buffer {
  return Buffer.from(JSON.stringify(['nestjs-tenancy', 1, keyId, tenantId, setting]), 'utf8');
}
