const DATABASE = 'Is DATABASE_URL right, and does PostgreSQL run there?';

// What PostgreSQL and the network say when it is the address, the login or the database that is not right.
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: DATABASE,
  ENOTFOUND: DATABASE,
  EAI_AGAIN: DATABASE,
  ETIMEDOUT: DATABASE,
  '28P01': DATABASE,
  '28000': DATABASE,
  '3D000': DATABASE,
  EADDRINUSE: 'Stop what listens there, or set PORT to another one.',
  EACCES: 'Set PORT to one above 1023.',
};

/** Why the service cannot start, in one line for whoever starts it. */
export function describeStartFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A name with several addresses fails with one error for each of them, and no words of its own.
  const message = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : error.message;
  const hint = HINTS[String((error as { code?: unknown }).code)];
  return hint === undefined ? message : `${message}. ${hint}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
