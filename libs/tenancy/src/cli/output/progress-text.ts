import { count, duration } from './numbers.js';
import type { Pace } from './pace.js';

/** 412 of 1,000, 38/s, 15 s left, 1 failed */
export function progressText(pace: Pace, total: number, failures: number): string {
  const { rate, timeLeft } = pace;
  const parts = [`${count(pace.done)} of ${count(total)}`];
  if (rate > 0) parts.push(`${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))}/s`);
  if (timeLeft !== undefined && timeLeft > 0) parts.push(`${duration(timeLeft)} left`);
  if (failures > 0) parts.push(`${count(failures)} failed`);
  return parts.join(', ');
}
