import autocannon from 'autocannon';

const CONNECTIONS = 8;

/**
 * Sends requests over a few connections, so many seconds long or so many. Throws where one is not answered with 200.
 *
 * @returns how many were answered, and in how many seconds
 */
export async function sendRequests(url, requests, extent) {
  const result = await autocannon({ url, connections: CONNECTIONS, requests, ...extent });
  const { '2xx': answered, non2xx, errors, duration: seconds } = result;
  if (answered === 0 || answered < (extent.amount ?? 0) || non2xx > 0 || errors > 0) {
    throw new Error(`${url}: ${answered} requests were answered, ${non2xx} refused, ${errors} failed.`);
  }
  return { answered, seconds };
}
