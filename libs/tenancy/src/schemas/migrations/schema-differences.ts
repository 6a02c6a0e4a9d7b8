import type { SchemaLine } from './schema-lines.js';
import type { TenantSchemaDifference } from './tenant-migrations-report.js';

/** What a schema has other than it should. Of a table that is missing or too many its parts are not told too. */
export function differencesOf(
  expected: readonly SchemaLine[],
  actual: readonly SchemaLine[],
): TenantSchemaDifference[] {
  const [should, is] = [byKey(expected), byKey(actual)];
  const differences: TenantSchemaDifference[] = [];
  for (const [key, line] of should) {
    const found = is.get(key);
    if (!found) differences.push(difference(line, 'missing', { expected: line.definition }));
    else if (found.definition !== line.definition) {
      differences.push(difference(line, 'different', { expected: line.definition, actual: found.definition }));
    }
  }
  for (const [key, line] of is) {
    if (!should.has(key)) differences.push(difference(line, 'unexpected', { actual: line.definition }));
  }
  const whole = new Set(
    differences
      .filter(({ kind, what }) => what !== 'different' && WHOLE.includes(kind))
      .map(({ what, object }) => `${what} ${object}`),
  );
  return differences.filter(({ kind, what, object }) => WHOLE.includes(kind) || !whole.has(`${what} ${object}`));
}

/** What has parts of its own. */
const WHOLE = ['table', 'view', 'sequence', 'function', 'type'];

function byKey(lines: readonly SchemaLine[]): Map<string, SchemaLine> {
  return new Map(lines.map((line) => [JSON.stringify([line.kind, line.object, line.part]), line]));
}

function difference(
  { kind, object, part }: SchemaLine,
  what: TenantSchemaDifference['what'],
  definitions: Pick<TenantSchemaDifference, 'expected' | 'actual'>,
): TenantSchemaDifference {
  return { kind, object, ...(part !== null && { part }), what, ...definitions };
}
