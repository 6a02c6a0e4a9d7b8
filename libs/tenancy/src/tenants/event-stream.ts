/** One server-sent event. */
export interface StreamedEvent {
  readonly type: string;
  readonly data: string;
}

/** Reads server-sent events. Throws where a piece of it that is not ended grows beyond `maxBytes`. */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: () => void,
  maxBytes: number,
): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    onChunk();
    rest = (rest + decoder.decode(chunk, { stream: true })).replaceAll('\r\n', '\n');
    const parts = rest.split('\n\n');
    rest = parts.pop()!;
    if (rest.length > maxBytes) throw new Error(`An event is larger than ${maxBytes} bytes.`);
    for (const part of parts) yield toEvent(part);
  }
}

function toEvent(text: string): StreamedEvent {
  const fields = text.split('\n').map((line) => /^(event|data): ?(.*)$/.exec(line));
  const valuesOf = (field: string): string[] => fields.flatMap((match) => (match?.[1] === field ? [match[2]] : []));
  return { type: valuesOf('event').at(-1) ?? 'message', data: valuesOf('data').join('\n') };
}
