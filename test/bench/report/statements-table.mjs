import { describeCell, describeLoad } from '../statements/cells.mjs';
import { checkTargets } from '../statements/targets.mjs';
import { PLAIN, WAYS } from '../ways/ways.mjs';
import { align } from './align.mjs';
import { wrap } from './wrap.mjs';

/** The table of the statements for a terminal, and how far the targets are reached. */
export function formatStatements({ method, rows }) {
  const ways = Object.keys(rows[0].ratios);
  const targets = checkTargets(rows);
  const isShort = (row, way) =>
    targets.some((target) => !target.isReached && target.way === way && describeCell(target) === describeCell(row));
  const table = [
    ['', 'plain, a second', ...ways.map((way) => WAYS[way].replaceAll('`', ''))],
    ...rows.map((row) => [
      describeCell(row),
      row.plainPerSecond.toLocaleString('en'),
      ...ways.map((way) => `${isShort(row, way) ? '! ' : ''}${row.ratios[way].toFixed(2)}`),
    ]),
  ];
  const work = [
    ['', 'plain', ...ways.map((way) => WAYS[way].replaceAll('`', ''))],
    ...rows.map((row) => [describeCell(row), ...[PLAIN, ...ways].map((way) => describeWork(row.microseconds[way]))]),
  ];
  return [
    describeMethod(method),
    '',
    ...align(table),
    '',
    'Microseconds at work for each operation, in the process that asks + in the server',
    ...align(work),
    '',
    ...formatTargets(targets),
  ].join('\n');
}

const describeWork = ({ client, server }) => [client, server ?? '?'].join(' + ');

function describeMethod({ rounds, seconds, workers, poolSize, tables, warmUp, roundTrip }) {
  const text = [
    `Operations a second as a ratio to plain TypeORM on one schema: medians of ${rounds} rounds, in each of which every way`,
    `has a turn of ${seconds} s. ${workers} at once over ${poolSize} connections, ${tables} tables a tenant, after ${warmUp}.`,
  ];
  if (roundTrip) {
    text.push(`2 ms away: SELECT 1 takes ${roundTrip.delayed} ms there and ${roundTrip.direct} ms here.`);
  }
  return wrap(text.join(' '));
}

function formatTargets(targets) {
  if (targets.length === 0) return [];
  return [
    'Targets',
    ...align(
      targets.map(({ way, to, operation, measured, atLeast, isReached, ...load }) => [
        `${operation}, ${describeLoad(load)}`,
        `${way} / ${to}`,
        measured.toFixed(2),
        `>= ${atLeast.toFixed(2)}`,
        isReached ? '' : '! short',
      ]),
    ),
  ];
}
