import { describe, expect, it } from 'vitest';
import { RecentMessages } from './recent-messages.js';

function recent(limits: { count: number; size: number }, ...messages: string[]) {
  const kept = new RecentMessages<string>(limits, (message) => message.length);
  for (const message of messages) kept.add(message);
  return kept;
}

describe('what was caught', () => {
  it('is listed newest first', () => {
    expect(recent({ count: 10, size: 100 }, 'first', 'second').all()).toEqual(['second', 'first']);
  });

  it('loses its oldest when there are too many', () => {
    expect(recent({ count: 2, size: 100 }, 'a', 'b', 'c').all()).toEqual(['c', 'b']);
  });

  it('loses its oldest when they are too large together', () => {
    expect(recent({ count: 10, size: 6 }, 'aaa', 'bbb', 'c').all()).toEqual(['c', 'bbb']);
  });

  it('keeps the newest, however large', () => {
    expect(recent({ count: 10, size: 2 }, 'a', 'large').all()).toEqual(['large']);
  });
});
