import type { QueryRunner } from 'typeorm';

// A property, not an entry in a WeakMap: each statement has a query runner.
const KEY = Symbol('tenancy key');

type Known = QueryRunner & { [KEY]?: string };

/** Remembers what the connection of a query runner is bound to: whoever is current when it is asked for. */
export function setKeyOfRunner(runner: QueryRunner, key: string | undefined): void {
  (runner as Known)[KEY] = key;
}

/** `undefined` where it has asked for no connection yet. */
export function keyOfRunner(runner: QueryRunner): string | undefined {
  return (runner as Known)[KEY];
}
