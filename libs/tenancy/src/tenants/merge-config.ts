/** The settings after a patch: its values go over those that are there, and `null` removes a key. */
export function mergeConfig(
  config: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...config, ...patch }).filter(([, value]) => value !== null));
}
