/** 1,800 */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** 3 tenants, 1 tenant */
export function tenants(value: number): string {
  return `${count(value)} ${value === 1 ? 'tenant' : 'tenants'}`;
}

/** 340 ms, 2.1 s, 3 min 20 s, 1 h 5 min */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** 812 B, 3.4 MB */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(value) / 3), units.length);
  return `${(value / 1_000 ** power).toFixed(1)} ${units[power - 1]}`;
}
