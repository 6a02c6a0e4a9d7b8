import { userInfo } from 'node:os';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TenancyModule } from '../tenancy.module.js';
import type { TenancyModuleOptions } from '../tenancy-options.interface.js';
import { withQuietDatabase } from './database-logger.js';
import type { Output } from './output/output.js';

/** TenancyModule alone: no HTTP, no workers, nothing of the application but its options. */
export async function openTenancy(options: TenancyModuleOptions, output: Output): Promise<INestApplicationContext> {
  const own: TenancyModuleOptions = {
    ...withQuietDatabase(options, output),
    // A command asks the store for what it needs to know, and is over soon: nobody has to tell it of changes.
    watch: false,
    // What the audit trail has.
    lifecycle: { ...options.lifecycle, actor: `tenancy (${operator()})` },
  };
  return NestFactory.createApplicationContext(TenancyModule.forRoot(own), {
    logger: quietLogger(output),
    abortOnError: false,
  });
}

/** What Nest and the module say would be in the way of the answer: errors of theirs are thrown, and told then. */
function quietLogger(output: Output): LoggerService {
  const tell = (message: unknown): void => output.detail(String(message));
  return { log: tell, warn: tell, error: tell, fatal: tell, debug: () => undefined, verbose: () => undefined };
}

/** Who has typed the command. */
function operator(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
