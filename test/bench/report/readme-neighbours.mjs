import { markdownTable } from './markdown-table.mjs';
import { time } from './units.mjs';
import { wrap } from './wrap.mjs';

/** How long a quiet tenant waits beside a loud one, for the README. */
export function renderNeighbours({ method, alone, withoutLimit, withLimit }) {
  const { loud, slowSeconds, poolSize, limit } = method;
  const row = (name, { p50, p99 }) => [name, time(p50), time(p99)];
  return [
    wrap(
      `A quiet tenant’s read by key beside one that has ${loud} statements of ${slowSeconds} s under way at any time, over a ` +
        `pool of ${poolSize}:`,
    ),
    markdownTable([
      ['', 'p50', 'p99'],
      row('alone', alone),
      row('beside it', withoutLimit),
      row(`beside it, \`maxConnectionsPerTenant: ${limit}\``, withLimit),
    ]),
  ];
}
