/** What must never happen: something was seen, answered or left that the model says cannot be. */
export class Violation extends Error {
  name = 'Violation';
}

export function check(holds, message) {
  if (!holds) throw new Violation(message());
}

/** Waits for work that has to be refused with one of these codes, and for nothing else. */
export async function refused(codes, work) {
  let answer;
  try {
    answer = await work();
  } catch (error) {
    const code = codeOf(error);
    if (codes.includes(code)) return;
    throw new Violation(`had to be refused with ${codes.join(' or ')}, and failed with ${code}: ${error.message}`, {
      cause: error,
    });
  }
  throw new Violation(`had to be refused with ${codes.join(' or ')}, and was answered: ${preview(answer)}`);
}

/** Waits for work that cannot succeed because its connection is lost. */
export async function lost(work) {
  let answer;
  try {
    answer = await work();
  } catch (error) {
    if (LOST.test(`${codeOf(error)} ${error.message}`)) return;
    throw new Violation(`had to fail with its connection, and failed with ${codeOf(error)}: ${error.message}`, {
      cause: error,
    });
  }
  throw new Violation(`had to fail with its connection, and was answered: ${preview(answer)}`);
}

const LOST = /57P01|terminat|connection error|not queryable|already released|was given back|ECONNRESET|EPIPE/i;

/** TypeORM wraps what a statement failed with. */
export function codeOf(error) {
  return error?.driverError?.code ?? error?.code ?? error?.name ?? String(error);
}

function preview(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
