import { z } from 'zod';
import { database, domains, metadata, name, plan, settings } from './tenant-fields.js';

export const createTenant = z.strictObject({
  id: z
    .string()
    .describe('Immutable and public. 1 to 63 lower-case letters, digits, "-" or "_".')
    .meta({ examples: ['acme'] }),
  name: name.optional().describe('The id, unless it is given.'),
  domains: domains.optional(),
  plan: plan.optional(),
  config: settings.optional(),
  metadata: metadata.optional(),
  database: database
    .optional()
    .describe('The database server that it is placed on. The default one, unless it is given.'),
});
export type CreateTenant = z.infer<typeof createTenant>;

export const placeTenant = z.strictObject({
  database: database.describe('Where its schema is from now on.'),
  from: database.describe('Where it must be now; otherwise nothing is changed.'),
});
export type PlaceTenant = z.infer<typeof placeTenant>;

export const changeTenant = z.strictObject({
  name: name.optional(),
  domains: domains.optional(),
  plan: plan.optional(),
  metadata: metadata.optional().describe('Takes the place of all that was there.'),
  status: z.enum(['active', 'suspended']).optional().describe('A suspended tenant is refused like an unknown one.'),
  id: immutable('The id of a tenant never changes.'),
  schema: immutable('The schema of a tenant never changes.'),
  config: immutable('Settings are changed at /tenants/:id/config.'),
});
export type ChangeTenant = Omit<z.infer<typeof changeTenant>, 'id' | 'schema' | 'config'>;

export const changeConfig = settings.describe('Goes over the settings that are there; null removes a key.');
export type Settings = z.infer<typeof settings>;

export const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
});
export type Page = z.infer<typeof page>;

export const auditPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, 'Not the id of an entry.')
    .optional()
    .describe('Only entries that are older than the one with this id.'),
});
export type AuditPage = z.infer<typeof auditPage>;

/** A field that is refused by its own name: "unrecognized key" would leave the caller guessing. */
function immutable(reason: string) {
  return z.never(reason).optional().describe(reason);
}
