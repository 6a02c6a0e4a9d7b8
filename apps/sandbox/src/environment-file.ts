import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the environment of a service lies while the sandbox runs, for commands that work as that service. */
export function environmentFile(directory: string, service: string): string {
  return join(directory, `${service}.env`);
}

/** Writes it, readable by this user only: there are passwords in it. */
export async function writeEnvironmentFile(
  directory: string,
  service: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `${name}="${value}"\n`);
  await writeFile(environmentFile(directory, service), lines.join(''), { mode: 0o600 });
}
