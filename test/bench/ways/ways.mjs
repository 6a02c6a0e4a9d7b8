/** What the others are compared with: TypeORM on one schema, with no tenants at all. */
export const PLAIN = 'plain';

/** The ways to tie a statement to its tenant, in the order of the table's columns. */
export const WAYS = {
  [PLAIN]: 'plain',
  context: 'plain, in an `AsyncLocalStorage`',
  'nestjs-tenancy': 'this library',
  prepare: 'with `prepare`',
  'no-affinity': 'without `affinity`',
  set: '`SET` in a query runner',
  'set-reset': '`SET` and `RESET`',
  'data-source': 'a DataSource per tenant, one pool',
};
