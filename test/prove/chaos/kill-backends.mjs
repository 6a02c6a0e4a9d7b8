import { setTimeout as delay } from 'node:timers/promises';
import { connectAdmin } from './chaos-server.mjs';

// In the server, and not from here: a process that is busy with its users would kill when it has read all there was to
// read. So the end of a connection comes in the middle of everything, and together with what was said before it.
const BURST = `
  CREATE OR REPLACE FUNCTION pg_temp.burst(victim name, signal text, share float, pause float, most int)
    RETURNS SETOF text LANGUAGE plpgsql AS $$
  DECLARE
    signalled int;
  BEGIN
    FOR round IN 1..20 LOOP
      PERFORM pg_stat_clear_snapshot();
      RETURN QUERY
        WITH victims AS MATERIALIZED (
          SELECT pid, state FROM pg_stat_activity WHERE usename = victim AND random() < share LIMIT most
        )
        SELECT coalesce(state, 'starting') FROM victims
         WHERE CASE signal WHEN 'end' THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END;
      GET DIAGNOSTICS signalled = ROW_COUNT;
      most := most - signalled;
      EXIT WHEN most = 0;
      PERFORM pg_sleep(pause);
    END LOOP;
  END $$`;

const PATIENCE_MS = 180_000;

/**
 * Ends that many server processes, one by one or all at once, whatever each is doing, and cancels the statements of
 * others in between. Returns how many were doing what.
 */
export async function killBackends({ serverUrl, role, random }, count) {
  const admin = await connectAdmin(serverUrl);
  const deadline = Date.now() + PATIENCE_MS;
  const killed = {};
  let cancelled = 0;
  const burst = async (signal, most) => {
    // Mostly few at a time, now and then everybody as soon as he comes.
    const [share, pause] = [random() ** 3, 0.002 + random() * 0.05];
    const { rows } = await admin.query('SELECT pg_temp.burst($1, $2, $3, $4, $5) AS state', [
      role,
      signal,
      share,
      pause,
      most,
    ]);
    return rows.map(({ state }) => state);
  };
  try {
    await admin.query(BURST);
    await admin.query('SELECT setseed($1)', [random()]);
    for (let left = count; left > 0; await delay(random() * 100)) {
      if (Date.now() > deadline) throw new Error(`Nobody connects any more; ${left} were still to be ended.`);
      if (random() < 0.2) {
        cancelled += (await burst('cancel', 50)).length;
        continue;
      }
      const states = await burst('end', left);
      left -= states.length;
      for (const state of states) killed[state] = (killed[state] ?? 0) + 1;
    }
  } finally {
    await admin.end();
  }
  const states = Object.entries(killed).map(([state, times]) => `${times} ${state}`);
  return `${states.join(', ')}; ${cancelled} statements cancelled in between`;
}
