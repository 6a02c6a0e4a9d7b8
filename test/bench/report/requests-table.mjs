import { BESIDE, STORAGE, WAYS } from '../requests/ways.mjs';
import { align } from './align.mjs';
import { wrap } from './wrap.mjs';

/** What a request costs, for a terminal. */
export function formatRequests({ method, rows }) {
  const { rounds, seconds, node } = method;
  const lines = rows.flatMap(({ adapter, resolver, microseconds, ratios, throughputRatios }) =>
    Object.keys(ratios).map((way) => [
      `${adapter}, ${resolver}: ${plain(WAYS[way])}`,
      microseconds[way].toFixed(1),
      ratios[way].toFixed(2),
      throughputRatios[way].toFixed(2),
    ]),
  );
  return [
    wrap(
      `Node ${node}; the best of ${rounds} processes, ${seconds} s each. Ratios of ` +
        "requests a second of the server's processor, the last one by the clock.",
    ),
    '',
    ...align([['', 'µs a request', 'to none', 'by the clock'], ...lines]),
  ].join('\n');
}

/** What the library costs beside an AsyncLocalStorage alone, for a terminal. */
export function formatSideBySide({ method, rows }) {
  const { rounds, turns, node } = method;
  const ways = Object.keys(rows[0].toStorage);
  return [
    wrap(
      `Node ${node}; as a ratio to ${plain(WAYS[STORAGE])}, all in one process; the median of ${rounds} processes with ` +
        `${turns} turns each.`,
    ),
    '',
    ...align([
      ['', ...ways.map((way) => plain(BESIDE[way])), 'this library to by hand'],
      ...rows.map(({ adapter, resolver, toStorage, toByHand }) => [
        `${adapter}, ${resolver}`,
        ...ways.map((way) => toStorage[way].toFixed(2)),
        toByHand.toFixed(2),
      ]),
    ]),
  ].join('\n');
}

const plain = (text) => text.replaceAll('`', '');
