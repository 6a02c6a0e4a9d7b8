/** Thrown where the user interrupted the run, so that all that was started is ended and dropped. */
export class InterruptedError extends Error {
  constructor() {
    super('Interrupted.');
  }
}

/**
 * Says on stderr how far a run is: with the time left on a terminal, elsewhere a line for each new subject. A run is
 * interrupted here too, between two steps; a second Ctrl-C ends it at once.
 */
export class Progress {
  #done = 0;
  #subject;
  #isInterrupted = false;
  #start = performance.now();
  #interrupt = () => (this.#isInterrupted = true);

  /** `total` is about how many seconds it all takes. */
  constructor(total) {
    this.total = total;
    process.once('SIGINT', this.#interrupt);
  }

  /** A step of so many seconds, as planned, begins. */
  begin(subject, detail = '') {
    if (this.#isInterrupted) throw new InterruptedError();
    if (process.stderr.isTTY) this.#redraw(`${subject}${detail && `: ${detail}`}`);
    else if (subject !== this.#subject) console.error(subject);
    this.#subject = subject;
  }

  /** What was planned to take so many seconds is done. */
  advance(seconds) {
    this.#done += seconds;
  }

  /** Leaves the terminal as it was. */
  end() {
    process.off('SIGINT', this.#interrupt);
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  }

  #redraw(text) {
    const share = Math.min(1, this.#done / this.total);
    const elapsed = (performance.now() - this.#start) / 1_000;
    // The plan's own estimate at first, corrected by how fast this machine is.
    const pace = this.#done > 10 ? elapsed / this.#done : 1;
    const left = duration((this.total - this.#done) * pace);
    process.stderr.write(`\r\u001B[K${Math.floor(share * 100)} %, ${left} left. ${text}`);
  }
}

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}
