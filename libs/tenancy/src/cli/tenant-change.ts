import { serverOf } from '../schemas/migrations/fleet.js';
import type { Tenant } from '../tenants/tenant.js';
import { EXIT } from './exit-code.js';
import { masked } from './masked.js';
import type { Outcome } from './outcome.js';
import type { Session } from './session.js';

/** What is said of a tenant that was changed. */
export function changed(done: string, tenant: Tenant, { options }: Session): Outcome {
  const { id, name, status, plan, schema } = tenant;
  return {
    exitCode: EXIT.done,
    document: {
      done,
      tenant: { ...tenant, config: masked(tenant.config, options.config), metadata: masked(tenant.metadata) },
    },
    lines: [`${done} ${id} (${name}): ${status}, plan ${plan}, schema ${schema} on ${serverOf(tenant)}`],
  };
}

/** What is said of a change that was not made. */
export function planned(change: string, tenant: object & { readonly id: string }): Outcome {
  return {
    exitCode: EXIT.done,
    document: { dryRun: true, change, tenant },
    lines: [`Would ${change} ${tenant.id}. Nothing was done.`],
  };
}
