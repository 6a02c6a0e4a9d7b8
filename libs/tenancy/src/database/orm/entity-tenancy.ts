import { FindOperator } from 'typeorm';
import { TenantMismatchError } from '../../tenancy.errors.js';
import { OwnerMark } from './owner-mark.js';

/**
 * Remembers which tenant an entity belongs to, and refuses it under another one: the row that has its id there is somebody
 * else's.
 */
export class EntityTenancy {
  /** @param currentKey What the running code is bound to; `undefined` where it is bound to nobody. */
  constructor(readonly currentKey: () => string | undefined) {}

  /** Remembers that an entity belongs to whoever the running code is bound to. */
  remember(entity: object, owner = this.currentKey()): void {
    if (owner !== undefined) OwnerMark.set(entity, owner);
  }

  /** A copy belongs to whom its original belongs to. Throws where it is made of the entities of two tenants. */
  inherit(copy: object, original: object): void {
    const owner = OwnerMark.of(original);
    if (owner !== undefined) OwnerMark.set(copy, same(OwnerMark.of(copy), owner));
  }

  /** Throws where an entity belongs to another tenant than the one that the running code is bound to. */
  assertOwn(entity: object): void {
    const owner = OwnerMark.of(entity);
    if (owner !== undefined) this.assertCurrent(owner);
  }

  /** Throws where the running code is not bound to an owner. */
  assertCurrent(owner: string): void {
    const current = this.currentKey();
    if (current !== owner) throw new TenantMismatchError(owner, current ?? 'nobody', 'entity');
  }

  /**
   * Whose entities a criterion is made of; `undefined` where none of them is remembered. Throws where they are two
   * tenants'.
   */
  ownerWithin(value: unknown, found?: string): string | undefined {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return found;
    const owner = OwnerMark.of(value);
    if (owner !== undefined) return same(found, owner);
    if (value instanceof FindOperator) return this.ownerWithin(value.value, found);
    // What is neither a list nor a plain object ends the search below its own values: an entity leads to all its others.
    const isOpen = Array.isArray(value) || isPlain(value);
    for (const item of Object.values(value) as unknown[]) {
      if (isOpen) found = this.ownerWithin(item, found);
      else if (typeof item === 'object' && item !== null) found = same(found, OwnerMark.of(item));
    }
    return found;
  }
}

function same(found: string | undefined, owner: string): string;
function same(found: string | undefined, owner: string | undefined): string | undefined;
function same(found: string | undefined, owner: string | undefined): string | undefined {
  if (found !== undefined && owner !== undefined && found !== owner) {
    throw new TenantMismatchError(owner, found, 'entity');
  }
  return owner ?? found;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
