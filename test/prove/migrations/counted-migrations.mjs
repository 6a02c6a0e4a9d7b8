/** Migrations up to a version. Each writes down that it ran, in what has no key: one that runs twice is seen. */
export function countedMigrations(version) {
  const create = migration(1, [
    'CREATE TABLE runs (migration int NOT NULL)',
    'CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)',
  ]);
  const others = Array.from({ length: version - 1 }, (_, at) =>
    migration(at + 2, [
      `ALTER TABLE notes ADD column_${at + 2} int NOT NULL DEFAULT ${at + 2}`,
      `CREATE INDEX notes_${at + 2} ON notes (column_${at + 2})`,
    ]),
  );
  return [create, ...others];
}

function migration(number, statements) {
  return class {
    name = `Step${1_700_000_000_000 + number}`;
    async up(runner) {
      for (const sql of statements) await runner.query(sql);
      await runner.query(`INSERT INTO runs (migration) VALUES (${number})`);
    }
    async down() {}
  };
}
