import { ENTITIES_OF_OTHERS } from './entities.mjs';
import { GIVEN_BACK } from './given-back.mjs';
import { LATE } from './late.mjs';
import { LOST_CONNECTIONS } from './lost-connections.mjs';
import { OUT_OF_PLACE } from './out-of-place.mjs';
import { OUTSIDE } from './outside.mjs';
import { PROBING } from './probing.mjs';
import { READING } from './reading.mjs';
import { ROLES } from './roles.mjs';
import { RUNNER_TRANSACTIONS } from './runner-transactions.mjs';
import { SESSION_STATE } from './session-state.mjs';
import { TRANSACTIONS } from './transactions.mjs';
import { WRITING } from './writing.mjs';

/**
 * Everything that a user may do to a connection, each by its name. An operation has the arbitraries of its parameters, and
 * performs itself; it throws where it sees or is answered what the model does not allow.
 */
export const OPERATIONS = [
  ...READING,
  ...WRITING,
  ...TRANSACTIONS,
  ...RUNNER_TRANSACTIONS,
  ...SESSION_STATE,
  ...PROBING,
  ...GIVEN_BACK,
  ...LOST_CONNECTIONS,
  ...OUT_OF_PLACE,
  ...ROLES,
  ...OUTSIDE,
  ...LATE,
  ...ENTITIES_OF_OTHERS,
];
