/** The settings after a change: its values go over those that are there, and `null` removes a key. */
export function mergeSettings(
  settings: Readonly<Record<string, unknown>>,
  change: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...settings, ...change }).filter(([, value]) => value !== null));
}
