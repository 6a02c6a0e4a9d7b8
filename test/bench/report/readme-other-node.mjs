import { describeCell } from '../statements/cells.mjs';
import { WAYS } from '../ways/ways.mjs';
import { markdownTable } from './markdown-table.mjs';

/** What a statement costs on another Node, for the README: one table. */
export function renderOtherNode({ environment, rows }) {
  const ways = Object.keys(rows[0].ratios);
  return [
    `The same with Node ${environment.node}:`,
    markdownTable([
      ['', ...ways.map((way) => WAYS[way])],
      ...rows.map((row) => [describeCell(row), ...ways.map((way) => row.ratios[way].toFixed(2))]),
    ]),
  ];
}
