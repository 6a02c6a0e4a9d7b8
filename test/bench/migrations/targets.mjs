/** What a complete run has to reach. */
export const checkMigrationTargets = ({ ratios, nothingPending, method }) => [
  { target: 'at least 6 × as fast as one DataSource after the other', reached: ratios.serial >= 6 },
  { target: `at least 1.5 × as fast as ${method.parallel} DataSources at once`, reached: ratios.parallel >= 1.5 },
  { target: 'nothing pending: less than 1 second', reached: nothingPending < 1_000 },
];
