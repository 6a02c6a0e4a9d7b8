/**
 * Faulty versions of the library, each by the fault it has. A fault is made of edits to compiled files below `dist/tenants`:
 * `find` has to be in the file exactly once. `phase` has to catch it, and `by` is what it has to say: what else is violated,
 * perhaps by a busy machine, does not count.
 */
const MUTANTS = [
  {
    name: 'no breaker',
    phase: 'answers 500',
    by: 'a store that is down was asked too often',
    edits: [{ file: 'circuit-breaker.js', find: 'if (!this.isPassable)', replace: 'if (false)' }],
  },
  {
    name: 'all try again when the pause is over',
    phase: 'stopped',
    by: 'a store that is down was asked too often',
    edits: [{ file: 'circuit-breaker.js', find: '(!this.isTrying && ', replace: '(' }],
  },
  {
    name: 'a breaker that never closes again',
    phase: 'killed',
    by: 'unknown ids were still refused afterwards',
    edits: [{ file: 'circuit-breaker.js', find: 'this.openUntil = undefined;', replace: '' }],
  },
  {
    name: 'a change is tried again',
    phase: 'a lost confirmation',
    by: 'a change was made more than once',
    edits: [
      {
        file: 'store-guard.js',
        find: 'return this.ask(question, this.deadline());',
        replace: 'return this.read(question);',
      },
    ],
  },
  {
    name: 'a look-up is not tried again',
    phase: 'fails once for each',
    by: 'a look-up was not tried again',
    edits: [{ file: 'retry.js', find: 'attempt >= retries', replace: 'true' }],
  },
  {
    name: 'no limit on what runs at once',
    phase: 'ids at once',
    by: 'too many look-ups ran at once',
    edits: [{ file: 'lookup-limit.js', find: 'if (this.running < this.max)', replace: 'if (true)' }],
  },
  {
    name: 'no limit on what waits',
    phase: 'ids at once',
    by: 'a flood cost too much',
    edits: [{ file: 'lookup-limit.js', find: 'if (this.queue.size >= this.maxWaiting)', replace: 'if (false)' }],
  },
  {
    name: 'a place is lost with each failure',
    phase: 'stopped',
    by: 'unknown ids were still refused afterwards',
    edits: [
      {
        file: 'lookup-limit.js',
        find: 'return await work();',
        replace: 'const done = await work(); this.leave(); return done;',
      },
      { file: 'lookup-limit.js', find: '            this.leave();', replace: '' },
    ],
  },
  {
    name: 'any number of misses',
    phase: 'one after another',
    by: 'a flood cost too much',
    edits: [{ file: 'miss-budget.js', find: 'return this.left < 1;', replace: 'return false;' }],
  },
  {
    name: 'known tenants wait with unknown ids',
    phase: 'without end',
    by: 'a tenant was served that is too old',
    edits: [{ file: 'store-lookups.js', find: 'return this.known.run(', replace: 'return this.unknown.run(' }],
  },
  {
    name: 'ids of nobody are kept without a bound',
    phase: 'one after another',
    by: 'too many ids of nobody are kept',
    edits: [{ file: 'absent-tenants.js', find: 'new BoundedMap(options.negativeMax)', replace: 'new BoundedMap(1e9)' }],
  },
  {
    name: 'ids of nobody are kept for ever',
    phase: 'made meanwhile',
    by: 'a new tenant was not served',
    edits: [{ file: 'absent-tenants.js', find: '>= this.options.negativeTtl', replace: '>= Infinity' }],
  },
  {
    name: 'ids of nobody are not kept',
    phase: 'one question',
    by: 'one id was asked for more than once',
    edits: [{ file: 'absent-tenants.js', find: 'if (missedAt === undefined ||', replace: 'if (true ||' }],
  },
  {
    name: 'everybody asks for himself',
    phase: 'one question',
    by: 'one id was asked for more than once',
    edits: [{ file: 'known-tenants.js', find: '        if (running) {', replace: '        if (false) {' }],
  },
  {
    name: 'nothing is looked up before it is due',
    phase: 'slow',
    by: 'a tenant was served that is too old',
    edits: [{ file: 'known-tenants.js', find: 'if (now >= entry.refreshAt)', replace: 'if (false)' }],
  },
  {
    name: 'look-ups run in the scope of the request',
    phase: 'one question',
    by: 'a look-up ran in the scope of a request',
    edits: [{ file: 'outside-scopes.js', find: 'outside.runInAsyncScope(work)', replace: 'work()' }],
  },
  {
    name: 'a known tenant waits as long as an unknown one',
    phase: 'stopped',
    by: 'a known tenant waited for the store',
    edits: [{ file: 'known-tenants.js', find: 'this.options.staleWait', replace: '1e6' }],
  },
  {
    name: 'no tenant is used as it was known',
    phase: 'killed',
    by: 'a known tenant was not served',
    edits: [
      {
        file: 'kept-tenants.js',
        find: 'entry !== undefined && this.clock.now()',
        replace: 'false && this.clock.now()',
      },
    ],
  },
  {
    name: 'a tenant is used as it was known for ever',
    phase: 'gone for too long',
    by: 'a tenant was served that is too old',
    edits: [{ file: 'kept-tenants.js', find: '< this.options.staleTtl', replace: '< Infinity' }],
  },
  {
    name: 'no deadline',
    phase: 'stopped',
    by: 'an unknown tenant was answered after the deadline',
    edits: [
      { file: 'deadline.js', find: 'Promise.race([work, late])', replace: '(late.catch(() => undefined), work)' },
    ],
  },
  {
    name: 'another tenant is believed',
    phase: 'another tenant',
    by: 'another tenant was served',
    edits: [
      { file: 'http-tenant-store.js', find: 'askedId !== undefined &&', replace: 'false &&' },
      { file: 'adopt-answer.js', find: "!key.startsWith('id:') ||", replace: 'true ||' },
    ],
  },
  {
    name: 'a body of any size is read',
    phase: 'too much',
    by: 'a body that is too large was believed',
    edits: [{ file: 'http-calls.js', find: 'if (size > maxBytes)', replace: 'if (false)' }],
  },
  {
    name: 'a tenant can be changed by whoever has it',
    phase: 'one question',
    by: 'a tenant was not frozen',
    edits: [{ file: 'tenant.js', find: 'return Object.freeze(tenant);', replace: 'return tenant;' }],
  },
  {
    name: 'a failed look-up is a 404',
    phase: 'answers 500',
    by: 'a known tenant was not served',
    edits: [{ file: 'http-not-found.js', find: 'if (answer.status !== 404)', replace: 'if (answer.status < 404)' }],
  },
  {
    name: 'ids of nobody are remembered in full',
    phase: 'one after another',
    by: 'a flood used up memory',
    edits: [
      {
        file: 'store-lookups.js',
        find: 'const until = this.guard.deadline();\n        this.guard.assertPassable();',
        replace:
          '(this.all ??= []).push(Buffer.alloc(1_000).toString("latin1") + Math.random(), question); const until = this.guard.deadline();',
      },
    ],
  },
];

/** Those that have a text in their name; all without one. */
export function mutantsNamed(text = '') {
  const named = MUTANTS.filter(({ name }) => name.includes(text));
  if (named.length > 0) return named;
  console.error(
    `No mutant has ${JSON.stringify(text)} in its name. There are:\n${MUTANTS.map(({ name }) => `  ${name}`).join('\n')}`,
  );
  process.exit(2);
}
