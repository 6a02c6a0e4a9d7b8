/**
 * Runs what an application gave to be called back. What that throws is thrown by itself: whoever calls has others to serve,
 * and messages to read.
 */
export function apart(work: () => void): void {
  try {
    work();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
