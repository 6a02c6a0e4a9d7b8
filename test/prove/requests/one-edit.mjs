/** A faulty version of the library that one edit makes; `proof` has to catch it by the kind of violation `by`. */
export const one = ([proof, by], name, file, find, replace) => ({ name, proof, by, edits: [{ file, find, replace }] });
