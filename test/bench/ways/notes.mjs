import { EntitySchema } from 'typeorm';
import { ROWS, tableName } from '../server/bench-tenants.mjs';

/** The entities of the tables that every tenant has; with a schema, they name it in every statement. */
export const noteSchemas = (tables, schema) =>
  Array.from(
    { length: tables },
    (_, n) =>
      new EntitySchema({
        name: `Note${n}`,
        tableName: tableName(n),
        ...(schema ? { schema } : {}),
        columns: {
          id: { type: 'int', primary: true, generated: true },
          owner: { type: 'varchar' },
          body: { type: 'varchar' },
        },
      }),
  );

/** A read by key: one statement. Answers whose row it found. */
export async function readOwner(manager, note) {
  const id = 1 + Math.floor(Math.random() * ROWS);
  return (await manager.findOneByOrFail(note, { id })).owner;
}

/** An insert and a read in one transaction, taken back, so that the tables stay as they are. */
export async function insertAndRead(runner, tenant, note) {
  await runner.startTransaction();
  try {
    await runner.manager.insert(note, { owner: tenant.id, body: 'new' });
    return await readOwner(runner.manager, note);
  } finally {
    await runner.rollbackTransaction();
  }
}

export async function withRunner(dataSource, work) {
  const runner = dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
