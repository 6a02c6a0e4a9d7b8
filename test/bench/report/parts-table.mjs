import { align } from './align.mjs';

const NAMES = {
  storage: 'an AsyncLocalStorage.run alone',
  middleware: 'this library, from the adapter to the scope of the request',
  guard: 'its guard',
};

/** What the library itself does for a request, for a terminal. */
export function formatParts({ method, nanoseconds }) {
  const rows = Object.entries(nanoseconds).map(([part, value]) => [NAMES[part], String(value)]);
  return [
    `Nanoseconds a request, without server and client, Node ${method.node}.`,
    '',
    ...align([['', 'ns'], ...rows]),
  ].join('\n');
}
