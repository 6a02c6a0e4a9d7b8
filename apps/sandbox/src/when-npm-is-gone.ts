const INTERVAL_MS = 500;

/**
 * Calls back once npm, which started this process, has ended. What is told to stop npm, as an editor's stop button does,
 * ends npm and the shell that it runs commands in, and nobody tells the command.
 */
export function whenNpmIsGone(environment: NodeJS.ProcessEnv, callback: () => void): void {
  if (environment.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, INTERVAL_MS).unref();
}
