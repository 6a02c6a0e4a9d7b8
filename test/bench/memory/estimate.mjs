/** About how long the parts take, in seconds, for the progress to tell the time that is left. */
export const ESTIMATE = {
  /** To build a tenant with one table. */
  tenant: 0.001,
  /** To serve a tenant once. */
  served: 0.0006,
  /** To make a DataSource. */
  dataSource: 0.01,
  /** To fill a server of its own with pools. */
  ownPools: 5,
};
