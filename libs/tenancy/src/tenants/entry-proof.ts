import { createHmac, timingSafeEqual } from 'node:crypto';

/** What proves that an entry of the shared cache was put there, as it is, by somebody who knows the secret. */
export function proofOf(secret: string, key: string, loadedAt: number, tenantAsJson: string): string {
  const text = JSON.stringify(['nestjs-tenancy', 1, key, loadedAt, tenantAsJson]);
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** Compares two proofs, in a time that says nothing of where they differ. */
export function isSameProof(one: unknown, other: string): boolean {
  const [given, expected] = [Buffer.from(String(one)), Buffer.from(other)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
