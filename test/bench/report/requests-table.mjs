import { WAYS } from '../requests/ways.mjs';
import { align } from './align.mjs';
import { wrap } from './wrap.mjs';

/** What a request costs, for a terminal. */
export function formatRequests({ method, rows }) {
  const { rounds, seconds, node } = method;
  const lines = rows.flatMap(({ adapter, resolver, microseconds, ratios, toStorage, throughputRatios }) =>
    Object.keys(ratios).map((way) => [
      `${adapter}, ${resolver}: ${WAYS[way].replaceAll('`', '')}`,
      microseconds[way].toFixed(1),
      ratios[way].toFixed(2),
      toStorage?.[way].toFixed(2) ?? '',
      throughputRatios[way].toFixed(2),
    ]),
  );
  return [
    wrap(
      `Node ${node}; the best of ${rounds} processes, ${seconds} s each. Ratios of ` +
        "requests a second of the server's processor, the last one by the clock.",
    ),
    '',
    ...align([['', 'µs a request', 'to none', 'to storage', 'by the clock'], ...lines]),
  ].join('\n');
}
