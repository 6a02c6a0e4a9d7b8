import { setTimeout as delay } from 'node:timers/promises';

/** The bytes of the heap that are in use after a collection. Node has to run with `--expose-gc`. */
export async function collectedHeap() {
  // What is released in a turn of the event loop is free only in the next one.
  for (let n = 0; n < 3; n += 1) {
    await delay(50);
    global.gc();
  }
  return process.memoryUsage().heapUsed;
}
