import type { Command } from 'commander';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { addChanges } from './tenants-change.js';
import { addCreate } from './tenants-create.js';
import { addDrops } from './tenants-drops.js';
import { addList } from './tenants-list.js';
import { addShow } from './tenants-show.js';

/** `tenancy tenants …`: what concerns the registry. */
export function addTenants(program: Command, runner: CommandRunner): void {
  const tenants = program
    .command('tenants')
    .description('list, show, create, suspend, restore, rename, archive and drop tenants')
    .usage('<command> [options]')
    .addHelpText('after', examples('tenancy tenants list', 'tenancy tenants create acme --plan gold'));
  addList(tenants, runner);
  addShow(tenants, runner);
  addCreate(tenants, runner);
  addChanges(tenants, runner);
  addDrops(tenants, runner);
}
