import { describe, expect, it, vi } from 'vitest';
import { pressCtrlC, tenancy, TenancyProcess } from '../../../../test/support/tenancy-command.js';

const tenants = [
  { id: 'acme', schema: 't_acme', name: 'Acme; $(whoami)', plan: 'gold' },
  { id: 'globex', schema: 't_globex' },
  { id: 'initech', schema: 't_initech', status: 'suspended' },
];
const app = { TENANTS: JSON.stringify(tenants), HAS_DATABASE: 'no' };
const node = (script: string): string[] => ['--', process.execPath, '-e', script];

describe('tenancy run', () => {
  it('runs the command for each active tenant, which it finds in its environment', async () => {
    const script = 'const { TENANT_ID, TENANT_NAME, TENANT_SCHEMA, TENANT_PLAN, TENANT_DATABASE } = process.env;';
    const print = 'console.log(TENANT_ID, TENANT_SCHEMA, TENANT_PLAN, TENANT_DATABASE, TENANT_NAME);';
    const { exitCode, stdout } = await tenancy(['run', '--all', ...node(script + print)], app);

    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'acme | acme t_acme gold default Acme; $(whoami)',
        'globex | globex t_globex default default globex',
        '2 tenants: 2 done',
        '',
      ].join('\n'),
    );
  });

  it('hands the arguments on as they are: there is no shell, and options after -- are the command’s', async () => {
    const script = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const args = ['run', '--tenant', 'acme', ...node(script), '--', '$HOME; ls', '--json', '--tenant', '*'];
    const { stdout } = await tenancy(args, app);

    expect(stdout).toContain('acme | ["$HOME; ls","--json","--tenant","*"]\n');
  });

  it('goes on where it fails for one, says for whom, and ends with 1', async () => {
    const script = "process.env.TENANT_ID === 'acme' ? (console.error('no'), process.exit(7)) : console.log('yes')";
    const { exitCode, stdout, stderr } = await tenancy(['run', '--all', ...node(script)], app);

    expect(exitCode).toBe(1);
    expect(stdout).toBe('globex | yes\n2 tenants: 1 done, 1 failed\n  failed acme: exit code 7\n');
    expect(stderr).toBe('acme | no\n');
  });

  it('stops at the first failure where it is told to', async () => {
    const args = ['run', '--all', '--on-error', 'stop', '--json', ...node('process.exit(7)')];
    const { exitCode, stdout } = await tenancy(args, app);

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { failed: 1, skipped: 1 }, results: [{ exitCode: 7 }, {}] });
  });

  it('keeps standard output for the document with --json', async () => {
    const { exitCode, stdout, stderr } = await tenancy(
      ['run', '--all', '--json', ...node("console.log('hello')")],
      app,
    );

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      counts: { done: 2, failed: 0, skipped: 0 },
      results: [{ tenantId: 'acme', outcome: 'done', exitCode: 0 }, { tenantId: 'globex' }],
    });
    expect(stderr).toBe('acme | hello\nglobex | hello\n');
  });

  it('says with --dry-run for whom it would run, and runs nothing', async () => {
    const { stdout } = await tenancy(['run', '--all', '--dry-run', ...node("console.log('ran')")], app);

    expect(stdout).toBe('Would run for 2 tenants. Nothing was run.\n  acme\n  globex\n');
  });

  it.each([
    ['no tenant is chosen', ['run', ...node('')]],
    ['a tenant is suspended', ['run', '--tenant', 'initech', ...node('')]],
    ['a tenant is nobody', ['run', '--tenant', 'acme,nobody', ...node('')]],
    ['some are named and all are taken', ['run', '--all', '--tenant', 'acme', ...node('')]],
    ['there is no such command', ['run', '--all', '--', './no-such-command']],
    ['no command is given', ['run', '--all']],
    ['none may run at once', ['run', '--all', '--concurrency', '0', ...node('')]],
  ])('refuses where %s', async (_, args) => {
    const { exitCode, stdout, stderr } = await tenancy(args, app);

    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('lets what runs finish after Ctrl-C, and begins nothing more', async () => {
    const script =
      "console.log('begun'); process.on('SIGINT', () => process.exit(9)); process.stdin.resume(); setTimeout(() => process.exit(0), 500)";
    const running = new TenancyProcess(['run', '--all', '--json', ...node(script)], app);
    await vi.waitUntil(() => running.stderr.includes('acme | begun'), { timeout: 20_000 });
    pressCtrlC(running);
    const { exitCode, stdout } = await running.ended;

    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { done: 1, skipped: 1 } });
  });

  it('tells what runs to end at the second Ctrl-C', async () => {
    const script = "console.log('pid ' + process.pid); setInterval(() => undefined, 1000)";
    const running = new TenancyProcess(['run', '--all', ...node(script)], app);
    await vi.waitUntil(() => /pid \d+/.test(running.stdout), { timeout: 20_000 });
    const pid = Number(/pid (\d+)/.exec(running.stdout)?.[1]);
    const press = setInterval(() => running.child.kill('SIGINT'), 50);
    const { exitCode } = await running.ended;
    clearInterval(press);

    expect(exitCode).toBe(130);
    await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
