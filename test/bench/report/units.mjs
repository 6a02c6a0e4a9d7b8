export const number = (value) => value.toLocaleString('en');

/** Bytes as KiB, KiB as MiB: 1.2 below ten, 146 from there on. */
export function inNextUnit(value) {
  const next = value / 1_024;
  return next < 10 ? next.toFixed(1) : number(Math.round(next));
}

/** Milliseconds, or seconds where they are many. */
export function time(milliseconds) {
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}
