/** What the library is to reach: at most so much. */
const CONNECTIONS = 10;
const HEAP_BYTES = 2_048;
const OF_BACKENDS_WITHOUT_AFFINITY = 0.35;

/** The targets that the results can tell of, with what was measured. */
export function checkMemoryTargets({ library, withoutAffinity }) {
  const targets = [
    { subject: 'connections', measured: library.connections, atMost: CONNECTIONS },
    { subject: 'heap of each tenant, in bytes', measured: library.heapBytesPerTenant, atMost: HEAP_BYTES },
  ];
  if (!library.backendKiB.unknown) {
    targets.push({
      subject: 'private memory of the backends / without affinity',
      measured: Number((library.backendKiB.private / withoutAffinity.backendKiB.private).toFixed(2)),
      atMost: OF_BACKENDS_WITHOUT_AFFINITY,
    });
  }
  return targets.map((target) => ({ ...target, isReached: target.measured <= target.atMost }));
}
