import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The file that npm links as `tenancy`. It runs what was built. */
export const TENANCY = path('../../libs/tenancy/bin/tenancy.js');
/** The folder of an application: see its tenancy.config.mjs. */
export const COMMAND_APP = path('./command-app');

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** The command `tenancy` as a process of its own. */
export class TenancyProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly child: ChildProcess;

  constructor(args: readonly string[], variables: Variables, cwd = COMMAND_APP) {
    const env = { ...process.env, NO_COLOR: undefined, ...variables };
    // A group of its own, so that a test can do what a terminal does at Ctrl-C.
    this.child = spawn(process.execPath, [TENANCY, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout?.on('data', (chunk) => (this.stdout += String(chunk)));
    this.child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    this.ended = once(this.child, 'close').then(([exitCode]) => ({
      exitCode: exitCode as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }
}

/** Ctrl-C: the terminal tells the process, and all others of its group. */
export function pressCtrlC({ child }: TenancyProcess): void {
  process.kill(-child.pid!, 'SIGINT');
}

/** Runs `tenancy` to its end. */
export async function tenancy(args: readonly string[], variables: Variables = {}, cwd?: string): Promise<Ended> {
  return new TenancyProcess(args, variables, cwd).ended;
}

/** Runs `tenancy … --json`, and reads the one document that it prints. */
export async function tenancyJson<T>(
  args: readonly string[],
  variables: Variables = {},
  cwd?: string,
): Promise<{ exitCode: number | null; document: T; stderr: string }> {
  const { exitCode, stdout, stderr } = await tenancy([...args, '--json'], variables, cwd);
  return { exitCode, document: JSON.parse(stdout) as T, stderr };
}
