// Moves the tenant, in a process of its own that may be killed at any moment. It prints each event, and the report.
import { createRequire } from 'node:module';
import { openService } from './service.mjs';

const { databases, to, fault } = JSON.parse(process.argv[2]);
if (fault) await breakLibrary(fault);
const service = await openService(databases);
const report = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
report({ type: 'ready' });
try {
  report({ type: 'report', report: await service.moves.move('acme', { to, onEvent: report }) });
} catch (error) {
  report({ type: 'error', message: error.message, left: error.left });
} finally {
  await service.close();
}

/** A faulty version of the library: what the proof has to see. */
async function breakLibrary(name) {
  const library = createRequire(import.meta.url).resolve('nestjs-tenancy');
  const { BoundClient } = await import(new URL('database/binding/bound-client.js', `file://${library}`).href);
  const { query } = BoundClient.prototype;
  const change = {
    // Nobody is refused: the triggers do nothing.
    'without freezing': (text) => text.replace(/RAISE EXCEPTION .* USING ERRCODE = ''TN503''/, 'RETURN NULL'),
    // A row is lost on its way.
    'a row is lost': (text) => text.replace(/^SET CONSTRAINTS ALL IMMEDIATE$/, 'DELETE FROM t_acme.notes WHERE id = 7'),
    'a row is lost, without comparing': (text) =>
      change['a row is lost'](text).replace(
        /^SELECT pg_catalog.count\(\*\)::text AS rows,.*FROM ONLY.*/s,
        "SELECT '' AS rows, '' AS checksum",
      ),
  };
  BoundClient.prototype.query = function changed(first, ...rest) {
    return query.call(this, typeof first === 'string' ? change[name](first) : first, ...rest);
  };
}
