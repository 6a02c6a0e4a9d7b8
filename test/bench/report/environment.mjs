import { availableParallelism } from 'node:os';
import { queryOnce } from '../server/query-once.mjs';

/** What a figure depends on beside the code. */
export async function readEnvironment(serverUrl, command) {
  const [{ server_version: version }] = await queryOnce(serverUrl, 'SHOW server_version');
  const { date, node, cpus } = describeMachine(command);
  return { date, command, node, postgres: version.split(' ')[0], cpus };
}

/** The same where no database takes part. */
export function describeMachine(command) {
  return {
    date: new Date().toISOString().slice(0, 10),
    command,
    node: process.versions.node,
    cpus: availableParallelism(),
  };
}

export const describeEnvironment = ({ node, postgres, cpus }) =>
  `PostgreSQL ${postgres} and Node ${node} on one machine with ${cpus} cores`;
