/** A whole number from 0 among the values of the command line; where it is none, says so and ends. */
export function wholeNumber(values, name) {
  const number = Number(values[name].replaceAll(/[,_]/g, ''));
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} is ${JSON.stringify(values[name])}; it must be a whole number. See --help.`);
  process.exit(2);
}
