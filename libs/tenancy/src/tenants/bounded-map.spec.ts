import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.js';

describe('a full map', () => {
  it('forgets the entry that was used least recently', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);

    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([1, undefined, 3]);
    expect(map.size).toBe(2);
  });

  it('forgets nothing when it replaces an entry', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);

    expect([map.get('a'), map.get('b'), map.size]).toEqual([3, 2, 2]);
  });

  it('of no size keeps nothing', () => {
    const map = new BoundedMap<string, number>(0);
    map.set('a', 1);

    expect([map.get('a'), map.size]).toEqual([undefined, 0]);
  });

  it('does not forget a key that it has not', () => {
    const map = new BoundedMap<string, number>(2);
    map.delete('a');

    expect([map.get('a'), map.size]).toEqual([undefined, 0]);
  });
});
