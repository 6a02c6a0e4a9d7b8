interface SocketClient {
  emit(event: 'exception', body: unknown): unknown;
  readonly readyState?: unknown;
  send?(text: string): unknown;
}

/** Tells a socket of an error, in the form in which Nest does. What the package ws calls `emit` reaches this process only. */
export function refuseSocket(client: SocketClient, body: object): void {
  if (typeof client.readyState === 'number' && client.send) {
    client.send(JSON.stringify({ event: 'exception', data: body }));
  } else {
    client.emit('exception', body);
  }
}
