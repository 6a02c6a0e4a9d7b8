import { align } from './align.mjs';
import { number } from './units.mjs';

const MIB = 1_024 * 1_024;

/** The heap of a soak, for a terminal. */
export function formatSoak({ method, rows }) {
  const steps = rows[0].heap.length;
  const at = (step) => number((method.requests / steps) * (step + 1));
  return [
    `Heap in MiB once what is not used is collected, after so many requests of ${number(method.tenants)} tenants.`,
    '',
    ...align([
      ['requests', ...rows.map(({ adapter }) => adapter)],
      ...rows[0].heap.map((_, step) => [at(step), ...rows.map(({ heap }) => (heap[step] / MIB).toFixed(2))]),
    ]),
  ].join('\n');
}
