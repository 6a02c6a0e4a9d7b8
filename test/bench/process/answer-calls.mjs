/** Answers what the parent process calls, until it goes away. */
export function answerCalls(methods) {
  const answer = async ({ call, name, argument }) => {
    try {
      process.send({ call, result: await methods[name](argument) });
    } catch (error) {
      process.send({ call, error: { message: error.message, stack: error.stack } });
    }
  };
  process.on('message', (message) => void answer(message));
  process.on('disconnect', () => process.exit());
  // The end of the run is the parent's to decide, also where a terminal interrupts both.
  process.on('SIGINT', () => undefined);
}
