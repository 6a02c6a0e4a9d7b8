// A TCP proxy that adds a delay in each direction: a server that is some milliseconds away. A process of its own, so that
// it does not use the event loop that is measured.
//
// Not setTimeout(): its clock has whole milliseconds, and under load it fires up to one too early. What is due is found by
// the monotonic clock; while something is under way the process naps for fractions of a millisecond.
import { connect, createServer } from 'node:net';

const [host, port, delay] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const NAP_MS = 0.05;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What was received, in that order, which is the order in which it is due. */
let underWay = [];

function deliver() {
  const now = performance.now();
  let due = 0;
  while (due < underWay.length && underWay[due].at <= now) due += 1;
  for (const { to, chunk } of underWay.splice(0, due)) if (!to.destroyed) to.write(chunk);
  if (underWay.length === 0) return;
  const left = underWay[0].at - performance.now();
  if (left > 0) Atomics.wait(sleeper, 0, 0, Math.min(left, NAP_MS));
  setImmediate(deliver);
}

function forward(from, to) {
  from.setNoDelay(true);
  from.on('data', (chunk) => {
    underWay.push({ to, chunk, at: performance.now() + delay });
    if (underWay.length === 1) setImmediate(deliver);
  });
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

const server = createServer((client) => {
  const upstream = connect(port, host);
  forward(client, upstream);
  forward(upstream, client);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
// The end of the run is its parent's to decide, also where a terminal interrupts both.
process.on('SIGINT', () => undefined);
