import { describeEnvironment } from './environment.mjs';
import { markdownTable } from './markdown-table.mjs';
import { inNextUnit, number } from './units.mjs';
import { wrap } from './wrap.mjs';

/** What many tenants cost beside time, for the README. */
export function renderMemory({ environment, method, ...parts }) {
  const { tenants, passes, workers, poolSize } = method;
  const { library, dataSources, ownPools } = parts;
  const heaps = dataSources.map(({ entities, heapBytesPerTenant }) => {
    return `${inNextUnit(heapBytesPerTenant)} KiB with ${entities === 1 ? 'one entity' : `${entities} entities`}`;
  });
  return [
    wrap(
      `${number(tenants)} tenants, each served ${passes} times in random order, ${workers} at once over a pool of ${poolSize}, ` +
        `${describeEnvironment(environment)}:`,
    ),
    markdownTable([
      ['', 'this library', 'a DataSource per tenant'],
      [
        'connections',
        number(library.connections),
        `a pool each: ${ownPools.tenants} tenants use up a server of ${ownPools.maxConnections}`,
      ],
      ['heap of each tenant', `${inNextUnit(library.heapBytesPerTenant)} KiB`, heaps.join(', ')],
      ...renderBackends(parts),
    ]),
  ];
}

function renderBackends({ library, withoutAffinity }) {
  if (library.backendKiB.unknown) return [];
  const [own, other] = [library, withoutAffinity].map(({ backendKiB }) => `${inNextUnit(backendKiB.private)} MiB`);
  return [
    ['memory of the server’s backends', `${own}; ${other} without \`affinity\` and \`maxSchemasPerConnection\``, ''],
  ];
}
