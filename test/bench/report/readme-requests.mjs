import { BESIDE, STORAGE, WAYS } from '../requests/ways.mjs';
import { markdownTable } from './markdown-table.mjs';
import { number } from './units.mjs';
import { wrap } from './wrap.mjs';

const MIB = 1_024 * 1_024;

/** What a request costs, for the README; with another Node too. What was not measured yet is left out. */
export function renderRequests({ requests, sideBySide, parts, soak }, otherNode) {
  const measured = [requests, otherNode.requests].filter((part) => part !== undefined);
  const besides = [sideBySide, otherNode.sideBySide].filter((part) => part !== undefined);
  const ofParts = [parts, otherNode.parts].filter((part) => part !== undefined);
  return [
    ...(measured.length > 0 ? renderCosts(measured) : []),
    ...(besides.length > 0 ? renderSideBySide(besides) : []),
    ...(ofParts.length > 0 ? [renderParts(ofParts)] : []),
    ...(soak ? [renderSoak(soak)] : []),
  ].join('\n\n');
}

function renderCosts(measured) {
  const [{ environment, method, rows }] = measured;
  const ways = Object.keys(rows[0].ratios).slice(1);
  return [
    wrap(
      'Requests a second of the server’s processor, as a ratio to the same application without tenancy: a route without a ' +
        `database, the tenant known, on a machine with ${environment.cpus} cores; of each way the best of ${method.rounds} ` +
        'processes, which take turns.',
    ),
    markdownTable([
      ['', ...ways.map((way) => WAYS[way])],
      ...measured.flatMap(({ method: { node }, rows: cells }) =>
        cells.map(({ adapter, resolver, ratios }) => [
          `${adapter}, ${resolver}, Node ${node.split('.')[0]}`,
          ...ways.map((way) => ratios[way].toFixed(2)),
        ]),
      ),
    ]),
  ];
}

function renderSideBySide(measured) {
  const [{ method, rows }] = measured;
  const ways = Object.keys(rows[0].toStorage);
  return [
    wrap(
      `As a ratio to ${WAYS[STORAGE]}, all side by side in one process, of ${method.rounds} the median; each has ` +
        `${method.turns} turns of a second, compared with the one next to it. The least by hand is a \`Map\` of the tenants, ` +
        'by the header or the first label of the host, that header in `Vary`, and a guard that asks whether there is one:',
    ),
    markdownTable([
      ['', ...ways.map((way) => BESIDE[way]), 'this library to by hand'],
      ...measured.flatMap(({ method: { node }, rows: cells }) =>
        cells.map(({ adapter, resolver, toStorage, toByHand }) => [
          `${adapter}, ${resolver}, Node ${node.split('.')[0]}`,
          ...ways.map((way) => toStorage[way].toFixed(2)),
          toByHand.toFixed(2),
        ]),
      ),
    ]),
  ];
}

function renderParts(measured) {
  const microseconds = (value) => (value / 1_000).toFixed(2);
  const each = measured.map(({ method, nanoseconds: { storage, middleware, guard } }) => {
    const node = `Node ${method.node.split('.')[0]}`;
    return `${microseconds(middleware)} and ${microseconds(guard)} µs on ${node} (${microseconds(storage)})`;
  });
  return wrap(
    'The work of the library itself, without any server: finding the tenant of a header and opening its scope, and then the ' +
      `questions of its guards, take ${each.join(', ')}; in brackets an \`AsyncLocalStorage.run\`.`,
  );
}

function renderSoak({ method, rows }) {
  const heaps = rows.map(({ adapter, heap }) => {
    const [first, last] = [heap[0], heap.at(-1)].map((bytes) => (bytes / MIB).toFixed(1));
    return `${last} MiB on ${adapter} (${first} after the first tenth)`;
  });
  return wrap(
    `After ${number(method.requests)} requests of ${number(method.tenants)} tenants the heap is ${heaps.join(', ')}.`,
  );
}
