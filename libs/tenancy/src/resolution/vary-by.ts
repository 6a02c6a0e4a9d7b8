/** What becomes an answer: the response of Node and Express, or the reply of Fastify. */
export interface VaryingAnswer {
  getHeader(name: string): number | string | string[] | undefined;
  /** Of Node and Express. */
  setHeader?(name: string, value: string): unknown;
  /** Of Fastify. */
  header?(name: string, value: string): unknown;
  readonly headersSent?: boolean;
}

/**
 * Says in `Vary` that an answer depends on headers of the request. A cache on the way, the browser's too, keeps answers by their
 * address, and would give one tenant's to who names the next.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.vary
 */
export function varyBy(answer: VaryingAnswer, headers: readonly string[]): void {
  if (headers.length === 0 || answer.headersSent === true) return;
  const before = answer.getHeader('Vary');
  const value = before === undefined ? listOf(headers) : withHeaders(String(before), headers);
  if (answer.setHeader) answer.setHeader('Vary', value);
  else answer.header?.('Vary', value);
}

/** Of one header, as nearly all have it, without a copy for each request. */
function listOf(headers: readonly string[]): string {
  return headers.length === 1 ? headers[0] : headers.join(', ');
}

function withHeaders(before: string, headers: readonly string[]): string {
  const named = before.split(',').map((name) => name.trim().toLowerCase());
  if (named.includes('*')) return before;
  return [before, ...headers.filter((header) => !named.includes(header.toLowerCase()))].join(', ');
}
