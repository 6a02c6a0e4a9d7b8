import { z } from 'zod';

const MINUTE_MS = 60_000;
const requests = z.coerce.number<string>().int().min(1).max(10_000_000);

/** A number of requests a minute, as a limit. */
export const requestsPerMinute = requests.transform((limit) => ({ limit, ttl: MINUTE_MS }));

/** Requests a minute for each plan: `default=600,gold=6000`. A plan that is not named has those of `default`. */
export const planRequestsPerMinute = z
  .string()
  .regex(/^[^=,]+=\d+(?:,[^=,]+=\d+)*$/, 'Write it as default=600,gold=6000')
  .transform(
    (text) => new Map(text.split(',').map((part) => part.split('=').map((word) => word.trim()) as [string, string])),
  )
  .pipe(z.map(z.string(), requestsPerMinute))
  .refine((plans) => plans.has('default'), 'Name the plan "default" too')
  .transform((plans) => Object.fromEntries(plans));
