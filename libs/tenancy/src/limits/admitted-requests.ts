interface Admission {
  readonly tenantId: string;
  /** What counting it came to; a request that was refused stays refused. */
  readonly outcome: Promise<boolean>;
}

/** Which requests were counted, and for whom. Weak: a request that is over is forgotten. */
const admissions = new WeakMap<object, Admission>();

/**
 * Counts a request for a tenant, once: two guards, a guard and an interceptor, or the fields of one GraphQL query share the
 * outcome.
 */
export function admit(request: object, tenantId: string, count: () => Promise<boolean>): Promise<boolean> {
  const own = rawOf(request);
  const known = admissions.get(own);
  if (known?.tenantId === tenantId) return known.outcome;
  // Counting asks for whom: noted before it begins.
  let begin: (outcome: Promise<boolean>) => void = () => undefined;
  const outcome = new Promise<boolean>((resolve) => (begin = resolve));
  admissions.set(own, { tenantId, outcome });
  begin(count());
  return outcome;
}

/** The tenant that a request counts for; `undefined` where it counts for its address. */
export function admittedTenant(request: object): string | undefined {
  return admissions.get(rawOf(request))?.tenantId;
}

/** Node's own request: a middleware has that, and a guard has Fastify's, which is around it. */
function rawOf(request: object): object {
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}
