import { request } from 'node:http';

/** How long a caller waits for an answer before it gives up. */
const PATIENCE_MS = 2_000;

/** One request: its status, or `given up`, how long it took, and whose answer it was. */
export function ask(url, agent, headers) {
  const begun = performance.now();
  return new Promise((resolve) => {
    const end = (status, body) => resolve({ status, body, ms: performance.now() - begun });
    const call = request(`${url}/work`, { agent, headers, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => end(response.statusCode, text));
      response.on('error', () => end('lost'));
    });
    call.on('timeout', () => call.destroy(new Error('given up')));
    call.on('error', (error) => end(error.message === 'given up' ? 'given up' : 'lost'));
    call.end();
  });
}
