// Asks as fast as it is answered over many connections, as a process of its own.
import { Agent } from 'node:http';
import { answerCalls } from '../../bench/process/answer-calls.mjs';
import { ask } from './ask.mjs';

let firstRefusal;
const refused = new Promise((resolve) => (firstRefusal = resolve));
const state = { isOver: false };
let running;

answerCalls({
  start: ({ url, headers, connections, owner }) => {
    const statuses = {};
    let foreign = 0;
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const caller = async () => {
      while (!state.isOver) {
        const { status, body } = await ask(url, agent, headers);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === 429) firstRefusal();
        if (status === 200 && JSON.parse(body).tenant !== owner) foreign += 1;
      }
    };
    running = Promise.all(Array.from({ length: connections }, caller)).then(() => {
      agent.destroy();
      return { statuses, foreign };
    });
  },
  /** When it is refused for the first time, on however slow a machine. */
  refused: () => refused,

  stop: () => {
    state.isOver = true;
    return running;
  },
});
