// Asks as fast as it is answered over many connections, as a process of its own.
import { Agent } from 'node:http';
import { answerCalls } from '../../bench/process/answer-calls.mjs';
import { ask } from './ask.mjs';

let noteSpent;
const spent = new Promise((resolve) => (noteSpent = resolve));
let noteUsedUp;
const usedUp = new Promise((resolve) => (noteUsedUp = resolve));
const state = { isOver: false };
let running;

answerCalls({
  /** The connections have the addresses in turn. */
  start: ({ url, headers, addresses, connections, owner, addressLimit, enough }) => {
    const statuses = {};
    let foreign = 0;
    let answered = 0;
    const answers = addresses.map(() => 0);
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const caller = async (at) => {
      const own = { ...headers, 'x-forwarded-for': addresses[at % addresses.length] };
      while (!state.isOver) {
        const { status, body } = await ask(url, agent, own);
        statuses[status] = (statuses[status] ?? 0) + 1;
        answers[at % addresses.length] += 1;
        if (status !== 429) answered += 1;
        if (Math.min(...answers) > addressLimit) noteUsedUp();
        if (status === 429 || answered > enough) noteSpent();
        if (status === 200 && JSON.parse(body).tenant !== owner) foreign += 1;
      }
    };
    running = Promise.all(Array.from({ length: connections }, (_, at) => caller(at))).then(() => {
      agent.destroy();
      return { statuses, foreign };
    });
  },
  /** When it is refused for the first time, on however slow a machine; or had more answers than it may ever have. */
  spent: () => spent,
  /** When each address has asked for more than one may, whatever was answered. */
  usedUp: () => usedUp,

  stop: () => {
    state.isOver = true;
    return running;
  },
});
