import { OWNERS, SEEDS } from './owners.mjs';
import { check } from './violation.mjs';

/**
 * What the model knows of the tables. Each row is a body that is used once: it is there, it is not there, or a statement is
 * under way that decides it.
 */
export class Ledger {
  /** By owner, by body: what is known, and since when. */
  known = new Map(Object.keys(OWNERS).map((owner) => [owner, new Map()]));
  clock = 0;
  made = 0;

  constructor() {
    for (const owner of Object.keys(OWNERS)) for (const seed of SEEDS) this.set(owner, seed, 'there');
  }

  /** A body that no row has. Until `underWay` nobody but its own transaction may see it. */
  newBody(owner) {
    this.made += 1;
    const body = `note ${this.made}`;
    this.set(owner, body, 'absent');
    return body;
  }

  /** From here on it may come or go at any moment. */
  underWay(owner, ...bodies) {
    for (const body of bodies) this.set(owner, body, 'open');
  }

  there(owner, ...bodies) {
    for (const body of bodies) this.set(owner, body, 'there');
  }

  absent(owner, ...bodies) {
    for (const body of bodies) this.set(owner, body, 'absent');
  }

  /** Nobody can tell any more: its connection was lost on the way. */
  unsure(owner, ...bodies) {
    for (const body of bodies) this.set(owner, body, 'unsure');
  }

  set(owner, body, state) {
    this.clock += 1;
    this.known.get(owner).set(body, { state, since: this.clock });
  }

  /**
   * Checks rows that were read by a statement of its own: each is the owner's, and was there at some moment since `start`.
   * With `all`, none is missing that was there throughout.
   */
  checkRead(owner, rows, start, all) {
    this.checkOwner(owner, rows);
    const known = this.known.get(owner);
    const bodies = new Set();
    for (const { body } of rows) {
      const { state, since } = known.get(body) ?? { state: 'absent', since: 0 };
      check(state !== 'absent' || since > start, () => `${owner} read ${body}, which was never committed, or is gone`);
      bodies.add(body);
    }
    check(bodies.size === rows.length, () => `${owner} read a row twice`);
    if (!all) return;
    for (const [body, { state, since }] of known) {
      check(
        state !== 'there' || since > start || bodies.has(body),
        () => `${owner} did not read ${body}, which was committed before`,
      );
    }
  }

  checkOwner(owner, rows) {
    check(rows.length > 0, () => `${owner} read no row at all`);
    for (const row of rows) {
      check(row.owner === owner, () => `${owner} was given a row of ${row.owner}: ${row.body}`);
    }
  }

  /** What has to be in an owner's table now that nothing is under way, and what may be. */
  stateOf(owner) {
    const known = [...this.known.get(owner)];
    const open = known.find(([, { state }]) => state === 'open');
    check(!open, () => `the model does not know what became of ${open[0]}`);
    const bodies = (wanted) => known.filter(([, { state }]) => state === wanted).map(([body]) => body);
    return { there: bodies('there'), unsure: bodies('unsure') };
  }
}
