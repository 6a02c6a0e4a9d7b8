import { align } from './align.mjs';
import { number, time } from './units.mjs';
import { wrap } from './wrap.mjs';

/** How long a quiet tenant waits beside a loud one, for a terminal. */
export function formatNeighbours({ method, alone, withoutLimit, withLimit }) {
  const { seconds, poolSize, quietEvery, loud, slowSeconds, limit } = method;
  const row = (name, { p50, p99, max, loudQueries }) => [
    name,
    time(p50),
    time(p99),
    time(max),
    loudQueries ? number(loudQueries.answered) : '',
    loudQueries ? number(loudQueries.refused) : '',
  ];
  return [
    wrap(
      `A read by key every ${quietEvery} ms for ${seconds} s, beside a tenant that has ${loud} statements of ${slowSeconds} s ` +
        `under way at any time; a pool of ${poolSize}.`,
    ),
    '',
    ...align([
      ['', 'p50', 'p99', 'max', 'loud answered', 'loud refused'],
      row('alone', alone),
      row('beside it', withoutLimit),
      row(`beside it, maxConnectionsPerTenant: ${limit}`, withLimit),
    ]),
  ].join('\n');
}
