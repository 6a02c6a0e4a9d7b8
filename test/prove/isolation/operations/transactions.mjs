import fc from 'fast-check';
import { READERS } from '../readers.mjs';
import { ENTRANCES, SCOPES } from '../stage.mjs';
import { Violation } from '../violation.mjs';
import { WRITERS } from '../writers.mjs';

/** What the work of a transaction throws where it is meant to fail. */
class GivenUp extends Error {}

const OPENERS = {
  'dataSource.transaction': (source, work) => source.transaction(work),
  'with an isolation level': (source, work) => source.transaction('REPEATABLE READ', work),
  'manager.transaction': (source, work) => source.manager.transaction(work),
};

const SESSIONS = {
  session: (stage, op, work) => stage.enter(op, () => stage.sessions.session(work)),
  'session of a named tenant': (stage, { who, other }, work) =>
    stage.within(other, () =>
      who === 'system' ? stage.sessions.systemSession(work) : stage.sessions.session(stage.tenantOf(who), work),
    ),
};

const parameters = {
  writers: fc.array(fc.constantFrom(...Object.keys(WRITERS)), { maxLength: 3 }),
  nested: fc.constantFrom('none', 'kept', 'thrown'),
  reader: fc.constantFrom('raw query', 'query builder', 'repository.find', 'result stream'),
  ending: fc.constantFrom('returns', 'throws', 'throws a database error'),
};

const transaction = {
  name: 'transaction',
  weight: 4,
  parameters: { ...parameters, by: fc.constantFrom(...ENTRANCES), opener: fc.constantFrom(...Object.keys(OPENERS)) },
  run: (stage, op) => inTransaction(stage, op, (work) => stage.enter(op, (source) => OPENERS[op.opener](source, work))),
};

const session = {
  name: 'session',
  weight: 2,
  parameters: { ...parameters, by: fc.constantFrom(...SCOPES), opener: fc.constantFrom(...Object.keys(SESSIONS)) },
  run: (stage, op) => inTransaction(stage, op, (work) => SESSIONS[op.opener](stage, op, work)),
};

async function inTransaction(stage, { who, writers, nested, reader, ending }, open) {
  const { ledger } = stage;
  const kept = [];
  const lost = [];
  const write = async (manager, how, list) => {
    const body = ledger.newBody(who);
    list.push(body);
    await stage.writer(who, how)(manager, { owner: who, body });
  };
  const work = async (manager) => {
    for (const how of writers) await write(manager, how, kept);
    if (nested !== 'none') {
      await manager
        .transaction(async (inner) => {
          await write(inner, 'repository.insert', nested === 'kept' ? kept : lost);
          if (nested === 'thrown') throw new GivenUp();
        })
        .catch(ignoreGivenUp);
    }
    const rows = await READERS[reader].read(manager);
    ledger.checkOwner(who, rows);
    const bodies = new Set(rows.map(({ body }) => body));
    if (kept.some((body) => !bodies.has(body))) throw new Violation(`${who} did not read what it had just written`);
    if (lost.some((body) => bodies.has(body))) throw new Violation(`${who} read what was rolled back to a savepoint`);
    if (ending === 'throws') throw new GivenUp();
    if (ending === 'throws a database error') await manager.query('SELECT * FROM nothing');
    ledger.underWay(who, ...kept);
  };
  if (ending === 'returns') {
    await open(work);
    ledger.there(who, ...kept);
    return;
  }
  await open(work).then(() => {
    throw new Violation('a transaction whose work threw was reported as committed');
  }, ignoreGivenUp);
}

function ignoreGivenUp(error) {
  if (error instanceof GivenUp || error.driverError?.code === '42P01') return;
  throw error;
}

export const TRANSACTIONS = [transaction, session];
