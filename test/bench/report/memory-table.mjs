import { checkMemoryTargets } from '../memory/targets.mjs';
import { align } from './align.mjs';
import { inNextUnit, number } from './units.mjs';
import { wrap } from './wrap.mjs';

/** What many tenants cost beside time, for a terminal, and how far the targets are reached. */
export function formatMemory(memory) {
  const { method, library, withoutAffinity, dataSources, ownPools } = memory;
  const { tenants, tables, passes, workers, poolSize } = method;
  const lines = [
    ...servingLines('this library', library),
    ...servingLines('without affinity', withoutAffinity),
    ...dataSources.map(({ entities, heapBytesPerTenant }) => [
      `a DataSource per tenant, entities: ${entities}`,
      `${inNextUnit(heapBytesPerTenant)} KiB of heap each`,
    ]),
    [`with pools of their own, max_connections = ${ownPools.maxConnections}`, `${ownPools.tenants} tenants`],
    ['what the next one is told', ownPools.refusal],
  ];
  return [
    wrap(
      `${number(tenants)} tenants, ${tables === 1 ? 'one table' : `${tables} tables`} each, every one served ${passes} times ` +
        `in random order, ${workers} at once over a pool of ${poolSize}.`,
    ),
    '',
    ...align(lines),
    '',
    'Targets',
    ...align(
      checkMemoryTargets(memory).map(({ subject, measured, atMost, isReached }) => [
        subject,
        number(measured),
        `<= ${number(atMost)}`,
        isReached ? '' : '! short',
      ]),
    ),
  ].join('\n');
}

function servingLines(name, { connections, heapBytesPerTenant, backendKiB, connectionsPerTenant }) {
  return [
    [`${name}: connections`, number(connections)],
    [`${name}: heap of each tenant`, `${inNextUnit(heapBytesPerTenant)} KiB`],
    [`${name}: private memory of the backends`, backendKiB.unknown ?? `${inNextUnit(backendKiB.private)} MiB`],
    [`${name}: connections that serve a tenant's 10 reads`, connectionsPerTenant.toFixed(1)],
  ];
}
