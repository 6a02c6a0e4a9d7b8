import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TenantExportReport } from '../../schemas/exporting/tenant-export-manifest.js';
import { TenancyCommandError, TenantNotFoundError } from '../../tenancy.errors.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import type { Outcome } from '../outcome.js';
import { bytes, count, duration } from '../output/numbers.js';

export function addExport(program: Command, runner: CommandRunner): void {
  program
    .command('export')
    .description('write all that a tenant has into a folder: a CSV file for each table, and what is in them')
    .argument('<id>', 'the tenant')
    .argument('<folder>', 'where to: a folder that is not there yet')
    .option('--dry-run', 'say what would be done, and write nothing')
    .addHelpText(
      'after',
      examples('tenancy export acme exports/acme', 'tenancy export acme exports/acme --dry-run') +
        '\nAll of it is of one moment, and the tenant goes on. Secrets among its settings are left out.',
    )
    .action(
      runner.action<{ dryRun?: boolean }>(
        async (session, { dryRun }, [id, folder]) => {
          const { TenantExports } = await import('../../schemas/exporting/tenant-exports.js');
          const exporter = session.inDatabase(TenantExports);
          if (dryRun) {
            const tenant = await session.tenants.findTenant(id);
            if (!tenant) throw new TenantNotFoundError(id);
            const path = resolve(folder);
            if (existsSync(path)) throw new TenancyCommandError(`${path} is there already: name a folder that is not.`);
            return {
              exitCode: EXIT.done,
              document: { dryRun: true, tenantId: id, schema: tenant.schema, folder: path },
              lines: [`Would export ${id} (${tenant.schema}) to ${path}. Nothing was done.`],
            };
          }
          const progress = session.output.progress();
          const { signal } = session;
          try {
            const report = await exporter.export(id, {
              folder,
              signal,
              onEvent: (event) =>
                event.type === 'started' ? progress.begin(event.tables) : progress.advance(event.done),
            });
            return outcomeOf(report);
          } finally {
            progress.end();
          }
        },
        { isGentle: true },
      ),
    );
}

function outcomeOf(report: TenantExportReport): Outcome {
  const { folder, manifest, rows } = report;
  const tables = count(manifest.tables.length);
  return {
    exitCode: EXIT.done,
    document: report,
    lines: [
      `exported ${manifest.tenant.id} to ${folder} in ${duration(report.duration)}: ${count(rows)} rows of ${tables} tables ` +
        `(${bytes(report.bytes)})`,
      ...(manifest.withheld.length > 0 ? [`Left out, as secrets: ${manifest.withheld.join(', ')}`] : []),
    ],
  };
}
