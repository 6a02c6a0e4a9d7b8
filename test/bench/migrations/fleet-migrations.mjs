// What the bench runs: five tables, and three migrations that change them, as TypeORM's own generator writes them.
const TABLES = ['customers', 'messages', 'templates', 'deliveries', 'settings'];

const migration = (name, statements) =>
  class {
    name = name;
    async up(runner) {
      for (const sql of statements) await runner.query(sql);
    }
    async down() {}
  };

export const CREATE = migration(
  'CreateTables1700000000001',
  TABLES.map(
    (table) =>
      `CREATE TABLE "${table}" ("id" SERIAL PRIMARY KEY, "name" character varying NOT NULL, "createdAt" TIMESTAMP NOT NULL DEFAULT now())`,
  ),
);

export const PENDING = [
  migration('AddStatus1700000000002', [
    `ALTER TABLE "messages" ADD "status" character varying NOT NULL DEFAULT 'queued'`,
    `CREATE INDEX "IDX_messages_status" ON "messages" ("status")`,
  ]),
  migration('AddCustomer1700000000003', [
    `ALTER TABLE "messages" ADD "customerId" integer`,
    `ALTER TABLE "messages" ADD CONSTRAINT "FK_messages_customer" FOREIGN KEY ("customerId") REFERENCES "customers"("id")`,
  ]),
  migration('CreateAudit1700000000004', [
    `CREATE TABLE "audit" ("id" SERIAL PRIMARY KEY, "what" jsonb NOT NULL)`,
    `COMMENT ON TABLE "audit" IS 'who did what'`,
  ]),
];

export const ALL = [CREATE, ...PENDING];
