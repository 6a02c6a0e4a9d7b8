import { QueryFailedError } from 'typeorm';

// Classes 08 and 57P: the connection, and a server that stops or starts. 53300: too many connections. Class 28: the login is
// refused, as while a server is taken out of service.
const SQLSTATES = /^(?:08|57P|53300|28)/;
const SOCKET_ERRORS = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'];
// pg and the pool have no code for these.
const MESSAGES = ['Connection terminated', 'timeout expired', 'not queryable', 'No connection was free'];

/** Whether an error says that the database cannot be reached now, rather than what it has against a statement. */
export function isDatabaseAway(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (!(cause instanceof Error)) return false;
  const { code } = cause as { code?: unknown };
  if (typeof code === 'string' && (SQLSTATES.test(code) || SOCKET_ERRORS.includes(code))) return true;
  return MESSAGES.some((text) => cause.message.includes(text));
}
