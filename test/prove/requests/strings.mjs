import { proveFunctions } from './strings/functions.mjs';
import { proveSockets } from './strings/sockets.mjs';

/** Generated strings: all in functions, some over sockets to both adapters. */
export async function proveStrings(library, findings, options) {
  await proveFunctions(library, findings, options);
  if (!findings.isFull) await proveSockets(library, findings, options);
}
