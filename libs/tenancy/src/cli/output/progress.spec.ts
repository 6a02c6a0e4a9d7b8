import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';
import { ProgressBar } from './progress-bar.js';
import { ProgressLines } from './progress-lines.js';
import { progressText } from './progress-text.js';

class Paper {
  text = '';
  readonly columns = 40;
  write(text: string): void {
    this.text += text;
  }
}

describe('progress where there is no terminal', () => {
  it('is a line a second at most, and one for each failure', () => {
    const paper = new Paper();
    let now = 0;
    const lines = new ProgressLines(paper, () => now);

    lines.begin(1_000);
    for (let done = 1; done <= 1_000; done += 1) {
      now += 5;
      lines.advance(done, done === 100 ? 'failed globex: no' : undefined);
    }

    expect(paper.text.split('\n')).toEqual([
      'failed globex: no',
      '200 of 1,000, 200/s, 4.0 s left, 1 failed',
      '400 of 1,000, 200/s, 3.0 s left, 1 failed',
      '600 of 1,000, 200/s, 2.0 s left, 1 failed',
      '800 of 1,000, 200/s, 1.0 s left, 1 failed',
      '1,000 of 1,000, 200/s, 1 failed',
      '',
    ]);
  });
});

describe('progress on a terminal', () => {
  it('is a bar that fits, below what is said meanwhile', () => {
    const paper = new Paper();
    const bar = new ProgressBar(paper);

    bar.begin(2);
    bar.advance(1, 'failed globex: no');
    bar.say('Interrupted.');
    bar.advance(2);
    bar.end();

    const lines = paper.text.split('\n').map((line) => line.split('\r\u001B[K').at(-1)!);
    expect(lines.slice(0, 2)).toEqual(['failed globex: no', 'Interrupted.']);
    expect(lines[2]).toMatch(/^\[={24}\] 2 of 2/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(40);
  });

  it('is nothing where there is nothing to do', () => {
    const paper = new Paper();
    const bar = new ProgressBar(paper);

    bar.begin(0);
    bar.end();

    expect(paper.text).toBe('');
  });
});

describe('the rate', () => {
  it('is that of the last ten seconds: the first tenants are slower than those that come together', () => {
    let now = 0;
    const pace = new Pace(1_000, () => now);
    for (const [at, done] of [
      [20_000, 1],
      [25_000, 51],
      [30_000, 101],
      [35_000, 151],
    ]) {
      now = at;
      pace.add(done);
    }

    expect(pace.rate).toBe(10);
    expect(progressText(pace, 1_000, 0)).toBe('151 of 1,000, 10/s, 1 min 25 s left');
  });

  it('is none before anybody is done', () => {
    expect(progressText(new Pace(5, () => 0), 5, 0)).toBe('0 of 5');
  });
});
