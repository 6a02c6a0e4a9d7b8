import type { Command } from 'commander';
import type { CommandRunner } from '../command-runner.js';
import { addList } from './tenants-list.js';
import { addShow } from './tenants-show.js';

/** `tenancy tenants …`: what concerns the registry. */
export function addTenants(program: Command, runner: CommandRunner): void {
  const tenants = program.command('tenants').description('list and show tenants').usage('<command> [options]');
  addList(tenants, runner);
  addShow(tenants, runner);
}
