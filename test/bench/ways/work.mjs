export const WORKERS = 16;

/**
 * Works off tasks, each worker one after the other. `next` is given their running number, and returns a task, or nothing
 * when there are no more. Resolves to how many were done.
 */
export async function work(next, workers = WORKERS) {
  let taken = 0;
  const worker = async () => {
    for (let task = next(taken); task; task = next(taken)) {
      taken += 1;
      await task();
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return taken;
}
