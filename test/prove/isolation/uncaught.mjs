import { Violation } from './violation.mjs';

/** What nobody catches ends a process: that is a violation too. */
export function watchUncaught() {
  const errors = [];
  const note = (error) => errors.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  return {
    check() {
      const [error] = errors.splice(0);
      if (!error) return;
      throw new Violation(`nobody caught this, which ends a process: ${error.stack ?? error}`, { cause: error });
    },
    /** What came of a violation that is known already. */
    forget: () => void errors.splice(0),
    stop: () => process.off('uncaughtException', note).off('unhandledRejection', note),
  };
}
