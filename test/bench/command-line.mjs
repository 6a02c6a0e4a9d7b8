/** A number above zero from the command line. Throws an error that says which option is wrong. */
export function numberArgument(name, text, isValid = Number.isFinite) {
  const number = Number(text);
  if (isValid(number) && number > 0) return number;
  throw new Error(`--${name} ${text} must be ${isValid === Number.isInteger ? 'a whole number' : 'a number'} above 0.`);
}

/** What the command line says; where it is wrong, why, and nothing else is done. */
export function readOrRefuse(read) {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}
