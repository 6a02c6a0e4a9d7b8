import { isNativeError } from 'node:util/types';
import {
  InvalidTenantIdError,
  TenancyCommandError,
  TenancyError,
  TenancyOptionsError,
  TenantDatabaseUnknownError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
} from '../../tenancy.errors.js';
import type { ExitCode } from '../exit-code.js';
import { EXIT } from '../exit-code.js';

/** An error, for who reads it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  /** What to do, where the message does not say it. */
  readonly hint?: string;
  readonly exitCode: ExitCode;
}

const DATABASE = 'Is `database.url` right, and does PostgreSQL answer there?';
const REGISTRY = 'Is its address right, and does it answer there?';
const LOGIN = 'Is the login in `database.url` right?';

// What the network and PostgreSQL say where it is the address, the login, the database or the server that is not right.
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: DATABASE,
  ECONNRESET: DATABASE,
  EHOSTUNREACH: DATABASE,
  ENETUNREACH: DATABASE,
  ENOTFOUND: DATABASE,
  EAI_AGAIN: DATABASE,
  ETIMEDOUT: DATABASE,
  EPIPE: DATABASE,
  '28P01': LOGIN,
  '28000': LOGIN,
  '3D000': 'Is the name of the database in `database.url` right?',
  '53300': 'The server has no connection left: try again with fewer, or later.',
  '57P01': 'The server is shutting down: try again.',
  '57P02': 'The server has crashed: try again.',
  '57P03': 'The server is starting up: try again.',
};

const USAGE = [
  InvalidTenantIdError,
  TenancyCommandError,
  TenancyOptionsError,
  TenantDatabaseUnknownError,
  TenantNotFoundError,
  TenantSuspendedError,
];

/** What is said of an error, and how the command ends for it. */
export function reportError(error: unknown): ErrorReport {
  const code = codeOf(error);
  const message = messageOf(error);
  if (error instanceof TenantServiceUnavailableError) {
    return { code, message, hint: REGISTRY, exitCode: EXIT.unreachable };
  }
  const hint = chainOf(error)
    .map(hintOf)
    .find((found) => found !== undefined);
  // What a config asks for that does not answer may be anything.
  if (hint !== undefined && error instanceof TenancyCommandError) return { code, message, exitCode: EXIT.unreachable };
  if (hint !== undefined) return { code, message, hint, exitCode: EXIT.unreachable };
  if (USAGE.some((known) => error instanceof known)) return { code, message, exitCode: EXIT.usage };
  if (error instanceof TenancyError) return { code, message, exitCode: EXIT.findings };
  return { code, message, hint: 'With --verbose it says where this comes from.', exitCode: EXIT.findings };
}

/** An error as a value of JSON: with what a program branches on. */
export function errorDocument(error: unknown): Record<string, unknown> {
  const { migration, sqlState, reason } = (isNativeError(error) ? error : {}) as Record<string, unknown>;
  const facts = Object.entries({ migration, sqlState, reason }).filter(([, value]) => typeof value === 'string');
  return { code: codeOf(error), message: messageOf(error), ...Object.fromEntries(facts) };
}

function hintOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return undefined;
  // Class 08 is PostgreSQL's own for connections.
  return UNREACHABLE[code] ?? (/^08...$/.test(code) ? DATABASE : undefined);
}

function codeOf(error: unknown): string {
  const codes = chainOf(error).map(({ code }) => code);
  return codes.find((code) => typeof code === 'string' && code !== '') ?? 'UNEXPECTED';
}

function messageOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // A name with several addresses fails with one error for each of them, and no words of its own.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(messageOf))].join('; ');
  return error.message || error.name;
}

/** An error, what it was made for and what it holds together. */
function chainOf(error: unknown, depth = 0): Array<Error & { code?: string }> {
  if (!isNativeError(error) || depth > 5) return [];
  const { cause, driverError } = error as Error & { driverError?: unknown };
  const held = error instanceof AggregateError ? error.errors : [];
  const inner = [cause, driverError === error ? undefined : driverError, ...held];
  return [error, ...inner.flatMap((one) => chainOf(one, depth + 1))];
}
