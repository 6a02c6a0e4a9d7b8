/** What was waited for is late. It may still come. */
export class LateError extends Error {}

/** What work resolves to, or an error where it takes longer than it may. Nobody can stop it: it ends unheard. */
export async function withDeadline<T>(work: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LateError(`${what} did not answer in time.`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What work resolves to where it does so in time, `late` otherwise; it goes on then. */
export async function soon<T>(work: Promise<T>, milliseconds: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, milliseconds, 'late')));
  try {
    return await Promise.race([late, work]);
  } finally {
    clearTimeout(timer);
  }
}
