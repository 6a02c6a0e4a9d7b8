/**
 * Faulty versions of the library, each by the fault it has. A fault is made of edits to compiled files below
 * `dist/database`: `find` has to be in the file exactly once.
 */

/** The library tries its binding when it starts. Here that finds nothing: what comes after it has to. */
const BLIND_START = [
  { file: 'server/probe-binding.js', find: 'if (first === schema)', replace: 'if (answer)' },
  { file: 'server/probe-binding.js', find: 'if (found === undefined)', replace: 'if (left)' },
];

const MUTANTS = [
  {
    name: 'a statement is not bound',
    edits: [
      ...BLIND_START,
      { file: 'binding/bound-query.js', find: 'sender.takePrefix(binding)', replace: 'undefined' },
    ],
  },
  {
    name: 'a cursor or a stream is not bound',
    edits: [{ file: 'binding/prefixed-submittable.js', find: 'sender.takePrefix(binding)', replace: 'undefined' }],
  },
  {
    name: 'the path is set for the session',
    edits: [
      ...BLIND_START,
      { file: 'binding/statement-prefix.js', find: ', true) IS NULL', replace: ', false) IS NULL' },
      { file: 'binding/statement-prefix.js', find: '`SET LOCAL ', replace: '`SET ' },
    ],
  },
  {
    name: 'the path is set for the session by statements with parameters',
    edits: [
      ...BLIND_START,
      { file: 'binding/statement-prefix.js', find: ', true) IS NULL', replace: ', false) IS NULL' },
    ],
  },
  {
    name: 'the path is set for the session, and not again for the same tenant',
    edits: [
      ...BLIND_START,
      { file: 'binding/statement-prefix.js', find: ', true) IS NULL', replace: ', false) IS NULL' },
      { file: 'binding/statement-prefix.js', find: '`SET LOCAL ', replace: '`SET ' },
      {
        file: 'binding/bound-client.js',
        find: 'takePrefix({ messages, searchPath }) {',
        replace: `takePrefix({ messages, searchPath }) {
          if (this.heldBegin === undefined && this.last === searchPath) return undefined;
          this.last = searchPath;`,
      },
    ],
  },
  {
    name: 'public is in the path',
    edits: [{ file: 'binding/tenant-binding.js', find: "', pg_temp'", replace: "', pg_temp, public'" }],
  },
  {
    name: 'pg_temp is not named in the path',
    edits: [{ file: 'binding/tenant-binding.js', find: "', pg_temp'", replace: "''" }],
  },
  {
    name: 'every tenant is given the binding of the first one',
    edits: [
      {
        file: 'binding/tenant-binding.js',
        find: 'this.known.get(tenant)',
        replace: "this.known.get(tenant.schema.startsWith('t_') ? (this.first ??= tenant) : tenant)",
      },
    ],
  },
  {
    name: 'bindings are kept by the beginning of a name',
    edits: [
      {
        file: 'binding/tenant-binding.js',
        find: 'this.known.get(tenant)',
        replace:
          "this.known.get(tenant.schema.startsWith('t_') ? ((this.first ??= {})[tenant.schema.slice(0, 6)] ??= tenant) : tenant)",
      },
    ],
  },
  {
    name: 'bindings are not told apart by their tenant',
    edits: [
      {
        file: 'binding/tenant-binding.js',
        find: '`tenant ${id} (${schema}${on(server)})`',
        replace: "'a tenant'",
      },
    ],
  },
  {
    name: 'who has no tenant works for the system',
    edits: [
      { file: 'binding/tenant-binding.js', find: 'if (scope?.system)', replace: 'if (!scope?.tenant)' },
      { file: 'binding/tenant-binding.js', find: 'scope.database ??', replace: 'scope?.database ??' },
    ],
  },
  {
    name: 'a connection that was waited for is bound to whoever gives it back',
    edits: [
      {
        file: 'pool/tenant-pool.js',
        find: 'answer(() => this.handOver(connection, binding, callback, returned))',
        replace: 'this.handOver(connection, binding, callback, returned)',
      },
      {
        file: 'pool/tenant-pool.js',
        find: 'connection.client.bind(binding)',
        replace: 'connection.client.bind(this.bindings.find(currentScope()) ?? binding)',
      },
    ],
  },
  {
    name: 'a connection that was waited for comes in the context of whoever gives it back',
    edits: [
      {
        file: 'pool/tenant-pool.js',
        find: 'answer(() => this.handOver(connection, binding, callback, returned))',
        replace: 'this.handOver(connection, binding, callback, returned)',
      },
    ],
  },
  {
    name: 'a connection stays bound when it is given back',
    edits: [{ file: 'pool/tenant-pool.js', find: 'client.unbind()', replace: 'undefined' }],
  },
  {
    name: 'a tenant on another server is served by the first one',
    edits: [{ file: 'pool/routing-pool.js', find: 'this.pools.get(server)', replace: '[...this.pools.values()][0]' }],
  },
  {
    name: 'a statement does not ask who is current',
    edits: [
      {
        file: 'binding/bound-client.js',
        find: 'current !== binding && current.key !== binding.key',
        replace: 'false',
      },
    ],
  },
  {
    name: 'a callback runs in the context of the socket',
    edits: [{ file: 'binding/bound-client.js', find: 'bindToContext(callback)', replace: 'callback' }],
  },
  {
    name: 'a cursor answers in the context of the socket',
    edits: [{ file: 'binding/bound-client.js', find: 'keepContext(submittable)', replace: 'undefined' }],
  },
  {
    name: 'nothing is looked at when a connection is given back',
    edits: [{ file: 'binding/bound-client.js', find: 'get isClean() {', replace: 'get isClean() { return true;' }],
  },
  {
    name: 'an open transaction goes back into the pool',
    edits: [
      {
        file: 'binding/bound-client.js',
        find: 'this.isSettled && this.isIdle && !this.residue',
        replace: 'this.isSettled && !this.residue',
      },
    ],
  },
  {
    name: 'a statement on its way is not waited for',
    edits: [
      {
        file: 'binding/bound-client.js',
        find: 'this.isSettled && this.isIdle && !this.residue',
        replace: 'this.isIdle && !this.residue',
      },
    ],
  },
  {
    name: 'a BEGIN that was held back stays with the connection',
    edits: [
      {
        file: 'binding/bound-client.js',
        find: 'this.binding = undefined;\n        this.heldBegin = undefined;',
        replace: 'this.binding = undefined;',
      },
    ],
  },
  {
    name: 'a BEGIN that was held back is not sent with a text',
    edits: [
      { file: 'binding/bound-query.js', find: 'this.isExtended || sender.holdsBegin', replace: 'this.isExtended' },
    ],
  },
  {
    name: 'the session is not cleared',
    edits: [{ file: 'binding/bound-client.js', find: "super.query('DISCARD ALL')", replace: 'undefined' }],
  },
  {
    name: 'the session is cleared with RESET ALL',
    edits: [{ file: 'binding/bound-client.js', find: "'DISCARD ALL'", replace: "'RESET ALL'" }],
  },
  {
    name: 'no statement is taken to leave anything',
    edits: [{ file: 'binding/statement-traits.js', find: '= leavesResidue(', replace: '= false && leavesResidue(' }],
  },
  {
    name: 'set_config() is not taken to leave anything',
    edits: [{ file: 'binding/statement-traits.js', find: "'set_config|", replace: "'" }],
  },
  {
    name: 'several statements are judged by the first',
    edits: [{ file: 'binding/statement-traits.js', find: 'if (isSeveral || ', replace: 'if (' }],
  },
  {
    name: 'what is created is temporary where the schema is gone',
    edits: [{ file: 'binding/statement-traits.js', find: 'createsObjects: ', replace: 'createsObjects: false && ' }],
  },
  {
    name: 'a transaction may chain into the next',
    edits: [{ file: 'binding/statement-traits.js', find: 'CHAIN.test(text)', replace: 'false' }],
  },
  {
    name: 'a lost connection is not listened to',
    edits: [
      {
        file: 'binding/bound-client.js',
        find: "this.on('error', () => (this.broken = true))",
        replace: 'undefined',
      },
      {
        file: 'pool/connection-pool.js',
        find: "client.on('error', (cause) => this.lost(connection, cause))",
        replace: 'undefined',
      },
    ],
  },
  {
    name: 'a COMMIT that rolled back is reported as one that committed',
    edits: [{ file: 'binding/bound-query.js', find: "message.text === 'ROLLBACK'", replace: 'false' }],
  },
  {
    name: 'entities belong to nobody',
    edits: [{ file: 'orm/entity-tenancy.js', find: 'current !== owner', replace: 'false' }],
  },
  {
    name: 'what is stored is not looked at',
    edits: [{ file: 'orm/guarded-entity-manager.js', find: 'graph.assertOwn(entities)', replace: 'undefined' }],
  },
  {
    name: 'a relation is loaded for whoever asks',
    edits: [{ file: 'orm/tenant-relation-loader.js', find: 'entities.assertOwn(entity)', replace: 'undefined' }],
  },
  {
    name: 'a criterion may be an entity of anybody',
    edits: [{ file: 'orm/queries/entity-owner.js', find: 'entities.assertCurrent(owner)', replace: 'undefined' }],
  },
  {
    name: 'a view streams as whoever is current',
    edits: [
      {
        file: 'orm/bound-data-source.js',
        find: 'within(() => method.apply(runner, args))',
        replace: "name === 'stream' ? method.apply(runner, args) : within(() => method.apply(runner, args))",
      },
    ],
  },
  {
    name: 'all views of a DataSource share one scope',
    edits: [
      {
        file: 'orm/bound-data-source.js',
        find: 'setTenancy(view, { entities, transformer, within })',
        replace: 'setTenancy(view, { entities, transformer, within: (prototype.first ??= within) })',
      },
    ],
  },
  {
    name: 'the result cache does not know whose an entry is',
    edits: [
      { file: 'orm/result-cache/guard-result-cache.js', find: 'tenantOf()', replace: "'anybody'" },
      { file: 'orm/result-cache/guard-result-cache.js', find: 'keyOfRunner(runner)', replace: 'undefined' },
    ],
  },
  {
    name: 'a tenant’s role is not taken on',
    edits: [{ file: 'tenant-settings.js', find: 'tenant ? this.roleOf(tenant) : null', replace: 'null' }],
  },
  {
    name: 'a tenant may leave its role',
    edits: [
      { file: 'binding/assert-sendable.js', find: 'keepsRole ? roleEscapeOf(text) : undefined', replace: 'undefined' },
    ],
  },
  {
    name: 'a connection beside the pool does not ask who is current',
    edits: [{ file: 'outside/outside-transaction.js', find: 'current.key !== binding.key', replace: 'false' }],
  },
];

/** The mutants whose name contains a text. */
export function mutantsNamed(text = '') {
  const found = MUTANTS.filter(({ name }) => name.includes(text));
  if (found.length === 0) throw new Error(`No mutant has a name with ${JSON.stringify(text)} in it.`);
  return found;
}
