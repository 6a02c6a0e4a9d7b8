import type { StreamedEvent } from './event-stream.js';
import { readEvents } from './event-stream.js';
import type { HttpCalls } from './http-calls.js';
import type { ChangeChannel } from './keep-watching.js';
import { NoChannelError } from './keep-watching.js';
import { isRecord } from './tenant.js';

// An event is an id. Whatever is that large is none.
const MAX_EVENT_BYTES = 65_536;

/** Reads the stream of changes of a tenant management service until it ends, or says nothing for too long. */
export async function followChanges(calls: HttpCalls, channel: ChangeChannel): Promise<void> {
  const silence = new AbortController();
  const milliseconds = calls.options.watchSilence ?? 10_000;
  const timer = setTimeout(() => {
    silence.abort(new Error(`The stream of changes said nothing for ${milliseconds} ms.`));
  }, milliseconds);
  try {
    const response = await calls.stream('/changes', AbortSignal.any([channel.signal, silence.signal]));
    if (response.status !== 200 || !isEventStream(response)) {
      await response.body?.cancel();
      throw refusalOf(response);
    }
    for await (const event of readEvents(response.body!, () => timer.refresh(), MAX_EVENT_BYTES)) tell(event, channel);
  } finally {
    clearTimeout(timer);
  }
}

function tell({ type, data }: StreamedEvent, channel: ChangeChannel): void {
  if (type === 'ready') return channel.ready();
  if (type === 'lost') return channel.lost(new Error('The tenant management service does not hear of changes now.'));
  if (type !== 'changed') return undefined;
  const body: unknown = JSON.parse(data);
  // What cannot be read may have been anybody's: everything is looked up again.
  if (!isRecord(body) || typeof body.id !== 'string') return channel.ready();
  return channel.changed(body.id);
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

function refusalOf({ status }: Response): Error {
  const reason = `GET /changes is answered ${status}, not with a stream of events.`;
  // A service that is overloaded or starting, or one that has no such route.
  return status >= 500 || status === 429 ? new Error(reason) : new NoChannelError(reason);
}
