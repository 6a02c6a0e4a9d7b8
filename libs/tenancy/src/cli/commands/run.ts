import type { Command } from 'commander';
import { Option } from 'commander';
import { TenancyCommandError, TenantSuspendedError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import type { Outcome } from '../outcome.js';
import { count, tenants as numberOf } from '../output/numbers.js';
import type { TenantRunResult } from '../run/run-for-tenants.js';
import { runForTenants } from '../run/run-for-tenants.js';
import { TenantProcesses } from '../run/tenant-process.js';
import type { SelectionOptions } from '../selection.js';
import { requireSelection, selected, withSelection } from '../selection.js';
import { whole } from '../whole-number.js';

interface RunCommandOptions extends SelectionOptions {
  readonly concurrency: number;
  readonly onError: 'continue' | 'stop';
  readonly dryRun?: boolean;
}

const BINDING = `
The command finds TENANT_ID, TENANT_NAME, TENANT_PLAN, TENANT_SCHEMA and TENANT_DATABASE in its environment, and is not bound
to anything by them. A script of the application works as the tenant in the tenant's scope:

  const app = await NestFactory.createApplicationContext(AppModule);
  await app.get(TenantContext).run(process.env.TENANT_ID, () => app.get(Reports).send());
  await app.close();

It runs without a shell. Only active tenants are taken.`;

export function addRun(program: Command, runner: CommandRunner): void {
  withSelection(program.command('run').description('run a command once for each tenant'), 'none')
    .argument('<command...>', 'the command and its arguments, after --')
    .usage('[options] -- <command...>')
    .option('--concurrency <n>', 'for so many tenants at once', whole, 1)
    .addOption(
      new Option('--on-error <what>', 'where it fails for one').choices(['continue', 'stop']).default('continue'),
    )
    .option('--dry-run', 'say for whom it would run, and run nothing')
    .addHelpText(
      'after',
      examples(
        'tenancy run --all -- node dist/send-reports.js',
        "tenancy run --tenant acme,globex -- sh -c 'echo $TENANT_ID'",
      ) + BINDING,
    )
    .action(
      runner.action<RunCommandOptions>(
        async (session, { concurrency, onError, dryRun, tenant, all, server }, command) => {
          requireSelection({ tenant, all, server });
          if (concurrency < 1) throw new TenancyCommandError('--concurrency is 0; it must be at least 1.');
          const found = await selected(session.tenants, session.options, { tenant, all, server });
          const tenants = tenant ? found.map(assertActive) : found.filter(({ status }) => status === 'active');
          if (dryRun) return planOf(tenants);
          const { output, signal } = session;
          const processes = new TenantProcesses();
          session.whenEndedAtOnce(() => processes.end());
          const results = await runForTenants(command, tenants, { concurrency, onError, signal, output, processes });
          return outcomeOf(results);
        },
        { isGentle: true },
      ),
    );
}

function assertActive(tenant: Tenant): Tenant {
  if (tenant.status === 'active') return tenant;
  throw new TenantSuspendedError(tenant.id, tenant.status);
}

function planOf(tenants: readonly Tenant[]): Outcome {
  return {
    exitCode: EXIT.done,
    document: { dryRun: true, todo: tenants.map(({ id, schema }) => ({ tenantId: id, schema })) },
    lines: [`Would run for ${numberOf(tenants.length)}. Nothing was run.`, ...tenants.map(({ id }) => `  ${id}`)],
  };
}

function outcomeOf(results: readonly TenantRunResult[]): Outcome {
  const of = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
  const counts = { done: of('done'), failed: of('failed'), skipped: of('skipped') };
  const said = Object.entries(counts).filter(([, number]) => number > 0);
  return {
    exitCode: counts.done === results.length ? EXIT.done : EXIT.findings,
    document: { counts, results },
    lines: [
      `${numberOf(results.length)}: ${said.map(([outcome, number]) => `${count(number)} ${outcome}`).join(', ') || 'none'}`,
      ...results
        .filter(({ outcome }) => outcome === 'failed')
        .map((result) => `  failed ${result.tenantId}: ${reasonOf(result)}`),
    ],
  };
}

function reasonOf({ exitCode, signal, error }: TenantRunResult): string {
  return error ?? (signal ? `ended by ${signal}` : `exit code ${exitCode}`);
}
