/** Work with a query runner, which is given back whatever happens. */
export async function withRunner(source, work) {
  const runner = source.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
