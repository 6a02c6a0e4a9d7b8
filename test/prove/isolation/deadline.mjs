import { Violation } from './violation.mjs';

// Far more than a batch takes: past it, something waits for what will never come.
export const DEADLINE_MS = 30_000;

/** `underWay` says what is waited for, at the moment it is asked. */
export async function withDeadline(work, underWay) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const waiting = [...underWay].join('\n  ');
      reject(new Violation(`after ${DEADLINE_MS / 1_000} s these still wait:\n  ${waiting}`));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
