import { readFile } from 'node:fs/promises';

/** The statements that the library's README gives for a table of tenants. */
export async function registryTableSql(): Promise<string> {
  const readme = await readFile(new URL('../../libs/tenancy/README.md', import.meta.url), 'utf8');
  const sql = /```sql\n(CREATE TABLE public\.tenants [\s\S]+?)```/.exec(readme)?.[1];
  if (sql === undefined) throw new Error('The README has no statements for a table of tenants.');
  return sql;
}
