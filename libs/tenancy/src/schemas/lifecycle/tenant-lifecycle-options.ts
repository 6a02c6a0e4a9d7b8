/** How tenants are made and dropped. */
export class TenantLifecycleOptions {
  /** How long an archived tenant is kept before it may be dropped, in milliseconds. @defaultValue 30 days */
  dropGrace = 30 * 24 * 60 * 60 * 1_000;
  /** Ids that nobody may have: they would be taken for a part of the system. */
  reservedIds: readonly string[] = [
    'admin',
    'api',
    'default',
    'information_schema',
    'null',
    'public',
    'root',
    'system',
    'undefined',
    'www',
  ];
  /** Who changes tenants, as the audit trail has it, where `as()` does not say. @defaultValue `'application'` */
  actor = 'application';
}
