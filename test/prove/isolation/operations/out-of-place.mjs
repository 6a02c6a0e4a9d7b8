import fc from 'fast-check';
import { HOMELESS } from '../owners.mjs';
import { ALL_NOTES, CLIENT_READERS, READERS } from '../readers.mjs';
import { SCOPES } from '../stage.mjs';
import { codeOf, refused } from '../violation.mjs';
import { withRunner } from '../with-runner.mjs';
import { WRITERS } from '../writers.mjs';

const MISSING = ['TENANT_CONTEXT_MISSING'];
const MISMATCH = ['TENANT_MISMATCH'];

const readers = fc.constantFrom(...Object.keys(READERS));
const writers = fc.constantFrom(...Object.keys(WRITERS));

/** Ways to work for nobody: nothing may be sent. */
const NOBODY = {
  'reads, outside every scope': ({ factory }, { reader }) => READERS[reader].read(factory.dataSource),
  'writes, outside every scope': (stage, { writer, who }) =>
    WRITERS[writer](stage.factory.dataSource, newNote(stage, who)),
  'begins a transaction, outside every scope': ({ factory }) => factory.dataSource.transaction(async () => undefined),
  'opens a session, outside every scope': ({ sessions }) => sessions.session(async () => undefined),
  'connects, outside every scope': ({ factory }) => withRunner(factory.dataSource, (runner) => runner.connect()),
  'reads, having cleared its scope': (stage, { who, reader }) =>
    stage.context.run(stage.tenantOf(who === 'system' ? 'acme' : who), () => {
      stage.context.clear();
      return READERS[reader].read(stage.factory.dataSource);
    }),
  'reads with what was made in a scope that ended': async (stage, { who }) => {
    const { builder } = await stage.within(who, async () => ({
      builder: stage.factory.dataSource.createQueryBuilder('Note', 'note'),
    }));
    return builder.getMany();
  },
};

const asNobody = {
  name: 'work for nobody',
  weight: 3,
  parameters: { how: fc.constantFrom(...Object.keys(NOBODY)), reader: readers, writer: writers },
  run: (stage, op) => refused(MISSING, () => NOBODY[op.how](stage, op)),
};

/** Ways to use what one owner holds as another one. */
const TRESPASSES = {
  'reads with its query runner': (runner) => refused(MISMATCH, () => runner.query(ALL_NOTES)),
  'reads by its manager': async (runner, stage, { reader, other }) => {
    const { stale, read } = READERS[reader];
    if (!stale) return refused(MISMATCH, () => read(runner.manager));
    // What the cache answers asks no connection: then it has to be of who asks.
    const rows = await read(runner.manager).catch((error) => codeOf(error));
    if (rows !== 'TENANT_MISMATCH') stage.ledger.checkOwner(other, rows);
  },
  'writes by its manager': (runner, stage, { writer, other }) =>
    refused(MISMATCH, () => WRITERS[writer](runner.manager, newNote(stage, other))),
  'reads with its client': async (runner, stage, { clientReader }) => {
    const client = await runner.connect();
    await refused(MISMATCH, () => CLIENT_READERS[clientReader](client, () => undefined));
  },
  'begins a transaction of its runner': (runner) => refused(MISMATCH, () => runner.startTransaction()),
  'streams with its runner': (runner) => refused(MISMATCH, () => runner.stream(ALL_NOTES)),
};

const trespass = {
  name: 'use a connection as somebody else',
  weight: 4,
  parameters: {
    by: fc.constantFrom(...SCOPES),
    how: fc.constantFrom(...Object.keys(TRESPASSES)),
    reader: readers,
    writer: writers,
    clientReader: fc.constantFrom(...Object.keys(CLIENT_READERS)),
    inTransaction: fc.constantFrom('no', 'not begun', 'begun'),
  },
  run: (stage, op) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const { ledger } = stage;
        const body = ledger.newBody(op.who);
        await runner.connect();
        if (op.inTransaction !== 'no') await runner.startTransaction();
        if (op.inTransaction === 'begun') {
          await runner.query('INSERT INTO notes (owner, body) VALUES ($1, $2)', [op.who, body]);
        }
        await stage.within(op.other, () => TRESPASSES[op.how](runner, stage, op));
        if (op.inTransaction === 'no') {
          const start = ledger.clock;
          ledger.checkRead(op.who, await runner.query(ALL_NOTES), start, true);
          return;
        }
        // The owner's transaction goes on as if nothing had been asked.
        if (op.inTransaction === 'begun') ledger.underWay(op.who, body);
        if (op.how !== 'begins a transaction of its runner') await runner.commitTransaction();
        else await runner.query('COMMIT');
        if (op.inTransaction === 'begun') ledger.there(op.who, body);
      }),
    ),
};

const changeScope = {
  name: 'change the tenant of the scope while holding a connection',
  weight: 1,
  parameters: { reader: readers },
  run: async (stage, { who, other, reader }) => {
    if (who === 'system' || other === 'system') return;
    await stage.context.run(stage.tenantOf(who), () =>
      withRunner(stage.factory.dataSource, async (runner) => {
        await runner.query(ALL_NOTES);
        stage.context.set(stage.tenantOf(other));
        await refused(MISMATCH, () => runner.query(ALL_NOTES));
        await TRESPASSES['reads by its manager'](runner, stage, { reader, other });
      }),
    );
  },
};

const ONLY_PUBLIC = 'SELECT owner, body FROM only_public';

const readPublic = {
  name: 'read what only public has',
  weight: 1,
  parameters: { withParameters: fc.boolean() },
  run: (stage, { who, withParameters }) =>
    stage.within(who, async () => {
      const read = () =>
        withParameters
          ? stage.factory.dataSource.query(`${ONLY_PUBLIC} WHERE $1`, [true])
          : stage.factory.dataSource.query(ONLY_PUBLIC);
      if (who === 'system') stage.ledger.checkOwner('system', await read());
      else await refused(['42P01'], read);
    }),
};

/** A tenant whose schema is not there, or has no tables. */
const TABLES = {
  'CREATE TABLE': ['CREATE TABLE leftover (owner text, body text)'],
  'CREATE TABLE … AS, with parameters': ['CREATE TABLE leftover AS SELECT $1::text AS owner', ['gone']],
  'SELECT … INTO': ["SELECT 'gone' AS owner INTO leftover"],
  'several statements': ["SELECT 1; CREATE TABLE leftover AS SELECT 'gone' AS owner"],
};

const homeless = {
  name: 'work for a tenant without tables',
  weight: 3,
  parameters: {
    tenant: fc.constantFrom(...Object.keys(HOMELESS)),
    how: fc.constantFrom('reads', 'writes'),
    reader: readers,
    writer: fc.constantFrom('repository.insert', 'raw query', 'raw query with parameters', 'several statements'),
  },
  run: (stage, { tenant, how, reader, writer }) =>
    stage.context.run(tenant, () =>
      // Nor has a tenant whose schema is gone a role.
      refused(['42P01', '22023'], () => {
        const { dataSource } = stage.factory;
        if (how === 'reads') return READERS[reader].read(dataSource);
        return WRITERS[writer](dataSource, { owner: tenant, body: 'lost' });
      }),
    ),
};

/** PostgreSQL would put it into the next schema, or into the temporary one where there is no other. */
const makeTable = {
  name: 'make a table where the schema is gone',
  weight: 1,
  parameters: { inTransaction: fc.boolean(), how: fc.constantFrom(...Object.keys(TABLES)) },
  run: (stage, { inTransaction, how }) =>
    stage.context.run('gone', () =>
      refused(['3F000', '22023'], () => {
        const { dataSource } = stage.factory;
        return inTransaction
          ? dataSource.transaction((manager) => manager.query(...TABLES[how]))
          : dataSource.query(...TABLES[how]);
      }),
    ),
};

const UNBINDABLE = [
  'COMMIT AND CHAIN',
  'ROLLBACK AND CHAIN',
  'SELECT 1; COMMIT; SELECT owner, body FROM notes',
  'ROLLBACK; SELECT owner, body FROM notes',
  'SELECT lastval()',
  "CALL add_note('nobody', 'never')",
  'VACUUM notes',
  'DISCARD ALL',
];

const refusedStatements = {
  name: 'send what cannot be bound',
  weight: 1,
  parameters: { sql: fc.constantFrom(...UNBINDABLE) },
  run: (stage, { who, sql }) =>
    stage.within(who, () => refused(['STATEMENT_UNSUPPORTED', '25001'], () => stage.factory.dataSource.query(sql))),
};

/** A note that must never be written. */
function newNote(stage, owner) {
  return { owner, body: stage.ledger.newBody(owner) };
}

export const OUT_OF_PLACE = [asNobody, trespass, changeScope, readPublic, homeless, makeTable, refusedStatements];
