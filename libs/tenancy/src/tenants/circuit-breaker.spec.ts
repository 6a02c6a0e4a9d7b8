import { beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from './circuit-breaker.js';
import { CircuitBreaker } from './circuit-breaker.js';

let now = 0;
let asked = 0;
let breaker: CircuitBreaker;
beforeEach(() => {
  now = 0;
  asked = 0;
  breaker = new CircuitBreaker(3, 1_000, () => now);
});

const verdicts: Partial<Record<string, Verdict>> = { down: 'down', late: 'unclear' };
const run = (work: () => Promise<string>) =>
  breaker
    .run(
      () => {
        asked += 1;
        return work();
      },
      (error) => verdicts[(error as Error).message] ?? 'answered',
      () => new Error('refused'),
    )
    .catch((error: Error) => error.message);
const fail = () => run(() => Promise.reject(new Error('down')));
const beLate = () => run(() => Promise.reject(new Error('late')));
const refuse = () => run(() => Promise.reject(new Error('no')));
const succeed = () => run(async () => 'answer');
async function open(): Promise<void> {
  for (let n = 0; n < 3; n += 1) await fail();
}

describe('failures', () => {
  it('in a row open it: nobody is let through any more', async () => {
    await open();

    expect(breaker.state).toBe('open');
    expect(await succeed()).toBe('refused');
    expect([asked, breaker.remaining]).toEqual([3, 1_000]);
  });

  it('with an answer between them do not', async () => {
    for (let n = 0; n < 10; n += 1) {
      await fail();
      await fail();
      await (n % 2 ? succeed() : refuse());
    }

    expect(breaker.state).toBe('closed');
  });
});

describe('a failure that says nothing of it', () => {
  it('neither opens nor closes it, and the next may try', async () => {
    for (let n = 0; n < 10; n += 1) await beLate();
    expect(breaker.state).toBe('closed');
    await open();
    now += 1_000;
    expect(await beLate()).toBe('late');
    expect(breaker.state).toBe('half-open');
    expect(await succeed()).toBe('answer');
  });
});

describe('after the pause', () => {
  beforeEach(async () => {
    await open();
    now += 1_000;
    asked = 0;
  });

  it('one is let through, and nobody beside it', async () => {
    let answer: (text: string) => void = () => undefined;
    const trial = run(() => new Promise<string>((resolve) => (answer = resolve)));

    expect(breaker.state).toBe('half-open');
    expect(await succeed()).toBe('refused');
    answer('answer');
    expect(await trial).toBe('answer');
    expect([asked, breaker.state]).toEqual([1, 'closed']);
  });

  it('its failure begins another pause', async () => {
    await fail();

    expect(breaker.state).toBe('open');
    expect(await succeed()).toBe('refused');
    now += 999;
    expect(await succeed()).toBe('refused');
    now += 1;
    expect(await succeed()).toBe('answer');
  });

  it('an answer that is a refusal is an answer', async () => {
    expect(await refuse()).toBe('no');
    expect(breaker.state).toBe('closed');
  });
});

describe('calls that began before it opened', () => {
  it('do not make the pause longer when they fail', async () => {
    const late: Array<() => void> = [];
    const before = [1, 2].map(() => run(() => new Promise((_, reject) => late.push(() => reject(new Error('down'))))));
    await open();
    now += 900;
    for (const rejectNow of late) rejectNow();
    await Promise.all(before);

    expect(breaker.remaining).toBe(100);
  });
});
