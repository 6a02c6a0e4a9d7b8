import { describeLoad, OPERATIONS } from '../statements/cells.mjs';
import { PLAIN, WAYS } from '../ways/ways.mjs';
import { describeEnvironment } from './environment.mjs';
import { markdownTable } from './markdown-table.mjs';
import { wrap } from './wrap.mjs';

const TITLES = { read: 'a read by key', transaction: 'an insert and a read' };

/** What a statement costs, for the README: a table for each operation. */
export function renderStatements({ environment, method, rows }) {
  return [
    wrap(describeMethod(environment, method, rows)),
    ...OPERATIONS.map((operation) => renderOperation(operation, rows)),
    ...renderWork(rows),
  ];
}

/** What the ratios are made of. */
function renderWork(rows) {
  const own = rows.filter((row) => row.operation === 'read' && row.network === 'loopback' && row.draw === 'uniform');
  const ways = [PLAIN, ...Object.keys(own[0].ratios)];
  if (own.some(({ microseconds }) => microseconds?.[PLAIN]?.server === undefined)) return [];
  const work = ({ client, server }) => `${Math.round(client)} + ${Math.round(server)}`;
  return [
    'Microseconds at work for a read by key, in the process that asks + in the server:',
    markdownTable([
      ['', ...ways.map((way) => WAYS[way])],
      ...own.map((row) => [describeLoad(row), ...ways.map((way) => work(row.microseconds[way]))]),
    ]),
  ];
}

function renderOperation(operation, rows) {
  const own = rows.filter((row) => row.operation === operation);
  const ways = Object.keys(own[0].ratios);
  return markdownTable([
    [TITLES[operation], ...ways.map((way) => WAYS[way])],
    ...own.map((row) => [describeLoad(row), ...ways.map((way) => row.ratios[way].toFixed(2))]),
  ]);
}

function describeMethod(environment, { rounds, workers, poolSize, warmUp, roundTrip }, rows) {
  const hasZipf = rows.some(({ draw }) => draw === 'zipf');
  return [
    'Operations a second as a ratio to plain TypeORM on a single schema: a read by key, and a transaction of an insert and a',
    `read. ${workers} at once over ${poolSize} connections, ${describeEnvironment(environment)}; medians of ${rounds}`,
    `rounds in which all ways take turns, after ${warmUp}. Tenants are drawn at random${hasZipf ? ', all alike or, Zipf, the' : '.'}`,
    ...(hasZipf ? ['n-th n times less often than the first.'] : []),
    ...(roundTrip
      ? [
          `2 ms away: through a proxy that adds 1 ms each way; a round trip is ${roundTrip.delayed} ms, else ${roundTrip.direct}.`,
        ]
      : []),
  ].join(' ');
}
