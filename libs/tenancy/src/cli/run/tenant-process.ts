import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { serverOf } from '../../schemas/migrations/fleet.js';
import type { Tenant } from '../../tenants/tenant.js';
import { OutputLines } from './output-lines.js';

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type PassOn = (stream: 'stdout' | 'stderr', line: string) => void;

/** The processes that run for tenants now. */
export class TenantProcesses {
  private readonly running = new Set<ChildProcess>();

  /** Runs a command for a tenant, without a shell, and waits for its end. Throws where it cannot be started. */
  async run([command, ...args]: readonly string[], tenant: Tenant, passOn: PassOn): Promise<ProcessEnd> {
    const child = spawn(command, args, {
      env: { ...process.env, ...variablesOf(tenant) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C on the terminal is for this command, which lets what runs finish.
      detached: process.platform !== 'win32',
    });
    this.running.add(child);
    const outputs = (['stdout', 'stderr'] as const).map((stream) => {
      const lines = new OutputLines((line) => passOn(stream, line));
      child[stream].on('data', (chunk: Buffer) => lines.add(chunk));
      return lines;
    });
    try {
      return await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
      });
    } finally {
      for (const lines of outputs) lines.end();
      this.running.delete(child);
    }
  }

  /** Tells all of them, and what they have started, to end. */
  end(): void {
    for (const { pid } of this.running) {
      if (pid === undefined) continue;
      try {
        process.kill(process.platform === 'win32' ? pid : -pid, 'SIGTERM');
      } catch {
        // It has just ended.
      }
    }
  }
}

/** What a command is told of its tenant. */
export function variablesOf(tenant: Tenant): Record<string, string> {
  return {
    TENANT_ID: tenant.id,
    TENANT_NAME: tenant.name,
    TENANT_PLAN: tenant.plan,
    TENANT_SCHEMA: tenant.schema,
    TENANT_DATABASE: serverOf(tenant),
  };
}
