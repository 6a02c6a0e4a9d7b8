import { Stage } from './stage.mjs';

/** Runs one phase against the library; answers what was seen. */
export async function runPhase(library, { name, run }) {
  const stage = new Stage(library);
  const { witness } = stage;
  const fail = (error) => witness.violate('nobody caught an error', String(error));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    const seen = await run(stage);
    await stage.stopLoad();
    return { ...witness.summary(name), ...seen };
  } finally {
    await stage.close();
    process.off('uncaughtException', fail);
    process.off('unhandledRejection', fail);
  }
}
