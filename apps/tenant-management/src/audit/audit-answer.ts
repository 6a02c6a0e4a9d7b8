import { z } from 'zod';

export const auditAnswer = z
  .object({
    entries: z.array(
      z.object({
        id: z.string(),
        at: z.string().meta({ format: 'date-time' }),
        actor: z
          .string()
          .describe('Who it was: the fingerprint of the token.')
          .meta({ examples: ['token 1f2e3d4c'] }),
        action: z.string().meta({ examples: ['tenant.suspended'] }),
        tenantId: z.string(),
        details: z.record(z.string(), z.unknown()).describe('Never the value of a setting.'),
      }),
    ),
    next: z.string().optional().describe('Give it as `before` for the next page; absent on the last one.'),
  })
  .meta({ id: 'AuditTrail' });
export type AuditAnswer = z.infer<typeof auditAnswer>;
