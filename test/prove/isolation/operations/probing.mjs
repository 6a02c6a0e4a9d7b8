import fc from 'fast-check';
import { probe } from '../probe.mjs';
import { ENTRANCES } from '../stage.mjs';
import { withRunner } from '../with-runner.mjs';

const look = {
  name: 'look into the session',
  weight: 4,
  parameters: { by: fc.constantFrom(...ENTRANCES) },
  run: (stage, op) => stage.enter(op, (source) => withRunner(source, (runner) => probe(runner, op.who, stage))),
};

export const PROBING = [look];
