/** What must never happen in the process under test, counted instead of ending it. */
export function watchProcess() {
  const faults = { uncaughtExceptions: [], unhandledRejections: [] };
  process.on('uncaughtException', (error) => faults.uncaughtExceptions.push(describe(error)));
  process.on('unhandledRejection', (error) => faults.unhandledRejections.push(describe(error)));
  return faults;
}

export function describe(error) {
  const { name, code, message } = error?.driverError ?? error ?? {};
  return [name, code, message ?? String(error)].filter(Boolean).join(': ');
}

// Classes 08 and 57 and "too many connections": the connection, the server or somebody's cancel request. Anything else
// that PostgreSQL says would be the library's mistake: a statement that was not bound, or a message that does not fit.
const SQLSTATES = /^(?:08|57|53300)/;
const MESSAGES = [
  'Connection terminated',
  'not queryable',
  'timeout expired',
  'No connection was free',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'already released',
  'The pool was ended',
  'Driver not Connected',
  'DataSource is not set for',
];

/** Whether a user of a server that dies, restarts or does not answer has to expect it. */
export function isExpected(error) {
  const cause = error?.driverError ?? error;
  if (typeof cause?.code === 'string' && SQLSTATES.test(cause.code)) return true;
  if (cause?.code === 'TENANT_QUOTA_EXCEEDED') return true;
  return MESSAGES.some((text) => String(cause?.message).includes(text));
}
