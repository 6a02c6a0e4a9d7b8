/** Works on all of a list, so many at once, until `isOver` says so. What was begun is finished, also where another fails. */
export async function runBounded<T>(
  all: readonly T[],
  concurrency: number,
  isOver: () => boolean,
  work: (one: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    while (next < all.length && !hasFailed && !isOver()) {
      const one = all[next];
      next += 1;
      try {
        await work(one);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(concurrency, all.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
