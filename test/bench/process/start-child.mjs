import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Starts a module that ends in `answerCalls()` as a process of its own, so that nothing that one way leaves behind (its
 * heap, what the compiler learned of it) is measured with another. `execPath` may be another Node.
 */
export function startChild(module, execArgv = [], execPath = process.execPath) {
  const child = fork(fileURLToPath(module), { execArgv, execPath });
  const pending = new Map();
  let calls = 0;
  child.on('message', ({ call, result, error }) => {
    const { resolve, reject } = pending.get(call);
    pending.delete(call);
    if (error) reject(Object.assign(new Error(error.message), { stack: error.stack }));
    else resolve(result);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of pending.values()) reject(new Error(`${child.spawnfile} ended with ${signal ?? code}.`));
    pending.clear();
  });
  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error(`The process of ${module} has ended.`));
        calls += 1;
        pending.set(calls, { resolve, reject });
        child.send({ call: calls, name, argument });
      }),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
