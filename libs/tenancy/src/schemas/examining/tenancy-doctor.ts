import { withDeadline } from '../../tenants/deadline.js';
import { tenantIdOfMark } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { TenantFinder } from '../migrations/fleet.js';
import { selectTenants, serverOf } from '../migrations/fleet.js';
import type { ExaminedServer, ExaminedUse, Examination, FoundNamespace, ServerFacts } from './examination.js';
import { findingOn } from './examination.js';
import { examineGrants } from './examine-grants.js';
import { examineIndexes } from './examine-indexes.js';
import { examineLoginRole } from './examine-login-role.js';
import { examineOwners } from './examine-owners.js';
import { examineSchemas } from './examine-schemas.js';
import { examineServer, readFacts, readNamespaces } from './examine-server.js';
import { examineSharedSchemas } from './examine-shared-schemas.js';
import { examineTenantRoles } from './examine-tenant-roles.js';
import type { TenancyExamineOptions, TenancyFinding } from './tenancy-finding.js';

export interface TenancyDoctorParts {
  readonly servers: () => readonly ExaminedServer[];
  readonly use: Omit<ExaminedUse, 'instances'>;
  readonly tenants: TenantFinder;
  readonly migrationsTable: string;
}

/** A server that says nothing for so long is not waited for any longer, in milliseconds. */
const DEADLINE = 15_000;
/** What has to be found out over thousands of schemas may take a while. */
const CHECK_DEADLINE = 120_000;
const SEVERITIES: ReadonlyArray<TenancyFinding['severity']> = ['error', 'warning', 'info'];

interface Seen {
  readonly server: ExaminedServer;
  readonly facts: ServerFacts;
  readonly before: readonly FoundNamespace[];
}

/**
 * Looks at every database server for what is wrong with it, or will be: the login role, schemas that are nobody's, tenants
 * without one, rights that are missing or too many. Each finding has the statements that mend it. It changes nothing.
 *
 * @example
 * for (const { severity, message, mend } of await doctor.examine()) console.log(severity, message, mend.join(';\n'));
 */
export class TenancyDoctor {
  constructor(private readonly parts: TenancyDoctorParts) {}

  /** What is wrong, the worst first. What cannot be looked at is a finding too. */
  async examine({ instances = 1 }: TenancyExamineOptions = {}): Promise<TenancyFinding[]> {
    const findings: TenancyFinding[] = [];
    const servers = this.parts.servers();
    const seen: Seen[] = [];
    await Promise.all(
      servers.map(async (server) => {
        try {
          seen.push(await withDeadline(look(server), DEADLINE, `The database server ${server.name}`));
        } catch (error) {
          const message = `The database server ${server.name} does not answer: ${reasonOf(error)}`;
          findings.push(findingOn(server.name)('error', 'SERVER_UNREACHABLE', server.name, message));
        }
      }),
    );
    // After a first look at the schemas and before the second: who is made meanwhile is neither lost nor without a schema.
    const tenants = await this.tenants(findings);
    if (tenants) findings.push(...strangers(tenants, servers));
    const use = { ...this.parts.use, instances };
    const moving = movingTenants(seen);
    const examined = await Promise.all(seen.map((one) => this.examineServer({ ...one, use, tenants, moving })));
    return [...findings, ...examined.flat()].sort(
      (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
    );
  }

  private async examineServer(seen: Omit<Examination, 'after'>): Promise<TenancyFinding[]> {
    const { name, system } = seen.server;
    const checks: Record<string, (examination: Examination) => Promise<TenancyFinding[]>> = {
      'the server': examineServer,
      'the login role': examineLoginRole,
      'the shared schemas': examineSharedSchemas,
      'the schemas': examineSchemas,
      "the tenants' roles": examineTenantRoles,
      'the rights': (examination) => examineGrants(examination, this.parts.migrationsTable),
      'the owners': examineOwners,
      'the indexes': examineIndexes,
    };
    const findings: TenancyFinding[] = [];
    // One after the other: a pool may have one connection only.
    for (const [what, check] of Object.entries(checks)) {
      try {
        const examined = async () => check({ ...seen, after: await readNamespaces(system) });
        findings.push(...(await withDeadline(examined(), CHECK_DEADLINE, `The database server ${name}`)));
      } catch (error) {
        const message = `It could not be found out whether anything is wrong with ${what}: ${reasonOf(error)}`;
        findings.push(findingOn(name)('error', 'EXAMINATION_FAILED', what, message));
      }
    }
    return findings;
  }

  /** Every tenant; `undefined` where the store does not say. Then no schema is taken for lost. */
  private async tenants(findings: TenancyFinding[]): Promise<readonly Tenant[] | undefined> {
    try {
      return await selectTenants(this.parts.tenants, undefined);
    } catch (error) {
      const message = `The store does not list the tenants, so nothing is said of their schemas: ${reasonOf(error)}`;
      findings.push(findingOn('default')('error', 'STORE_UNREADABLE', 'the tenant store', message));
      return undefined;
    }
  }
}

async function look(server: ExaminedServer): Promise<Seen> {
  return { server, facts: await readFacts(server.system), before: await readNamespaces(server.system) };
}

function movingTenants(seen: readonly Seen[]): ReadonlySet<string> {
  const moved = seen.flatMap(({ before }) => before.filter(({ move }) => move !== null));
  return new Set(moved.flatMap(({ mark }) => tenantIdOfMark(mark) ?? []));
}

function strangers(tenants: readonly Tenant[], servers: readonly ExaminedServer[]): TenancyFinding[] {
  const known = servers.map(({ name }) => name);
  return tenants
    .filter((tenant) => !known.includes(serverOf(tenant)))
    .map((tenant) => {
      const message =
        `Tenant ${tenant.id} is placed on the database server ${serverOf(tenant)}, which the option \`database\` does not ` +
        `name: it names ${known.join(', ')}. Add it there by that name.`;
      return findingOn(serverOf(tenant))('error', 'TENANT_SERVER_UNKNOWN', tenant.id, message);
    });
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
