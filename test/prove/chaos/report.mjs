/** What must be 0, in the words of whoever reads the table. */
export function countsOf(results) {
  return {
    'uncaught exceptions': results.faults.uncaughtExceptions.length,
    'unhandled rejections': results.faults.unhandledRejections.length,
    'rows of another tenant': results.wrongRows + results.ledger.foreign,
    'committed, and missing': results.ledger.lost,
    'taken back, and there': results.ledger.revived,
    'lost connections': results.lostConnections,
    'operations that never ended': sum(Object.values(results.unended)),
    'errors that nothing explains': sum(Object.values(results.unexpectedErrors)),
    'failures once it was calm': results.failuresInCalm.length,
    'events without a recovery': results.events.filter(({ recovered }) => !recovered).length,
  };
}

export function printTables({ results, counts, control }) {
  const rows = results.events.map(({ event, seconds, succeeded, failed, firstSuccess, rateBack }) => [
    event,
    { seconds, succeeded, failed, 'first success after': firstSuccess, 'rate back after': rateBack },
  ]);
  console.log('\nOperations of two tenants while it happened, and the seconds until they worked again.\n');
  console.table(Object.fromEntries(rows));
  for (const { event, note } of results.events) if (note) console.log(`${event}: ${note}`);
  console.log(
    `\n${results.operations} operations, ${results.ledger.committed} commits acknowledged. What must be 0:\n`,
  );
  console.table(Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, { count }])));
  printFailures(results);
  if (!control) return;
  const { kills, uncaughtExceptions } = control;
  const [first = 'so nothing shows that they would be seen'] = uncaughtExceptions;
  console.log(`Stock TypeORM: ${uncaughtExceptions.length} uncaught exceptions after ${kills} kills (${first}).`);
}

function printFailures({ faults, unended, unexpectedErrors, failuresInCalm }) {
  for (const message of faults.uncaughtExceptions) console.log(`uncaught: ${message}`);
  for (const message of faults.unhandledRejections) console.log(`unhandled: ${message}`);
  for (const [name, times] of Object.entries(unended)) console.log(`never ended: ${times} × ${name}`);
  for (const [message, times] of Object.entries(unexpectedErrors)) console.log(`unexplained: ${times} × ${message}`);
  for (const message of failuresInCalm) console.log(`once it was calm: ${message}`);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
