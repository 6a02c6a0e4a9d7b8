import { defineTenant } from 'nestjs-tenancy';

/** The tenants of a bench are known by their number alone, so that every process can name them. */
export const benchTenant = (n) => defineTenant({ id: `t${n}`, schema: `t_t${n}` });

export const benchTenants = (count) => Array.from({ length: count }, (_, n) => benchTenant(n));

export const ROWS = 10;

export const tableName = (n) => `notes_${n}`;
