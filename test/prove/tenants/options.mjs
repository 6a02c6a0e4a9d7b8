import { parseArgs } from 'node:util';

const HELP = `npm run prove:tenants -- [options]

Proves what TenantService does while the tenant management service, a process of its own, is killed, stopped (SIGSTOP), slow,
fails, lies or is gone, and while 100,000 ids that are nobody's are asked for: known tenants are served up to the stated age,
unknown ones refused within the deadline, nobody is served another tenant, and the flood costs a stated number of calls. Then
does the same with faulty versions of the library, which have to be caught.

  --phase TEXT      only the phases that have this in their name, and no mutants
  --fault TEXT      only the mutants that have this in their name, not the library itself
  --no-mutants      the library itself only
  --library FILE    another build of the library: the file that its index was compiled to
  --json            the result as one JSON document
  --help            this

Exits with 1 where something was violated or a mutant survived.`;

/** The options of the command line; prints the help, and ends, where that is asked for. */
export function readOptions() {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      phase: { type: 'string' },
      fault: { type: 'string' },
      mutants: { type: 'boolean', default: true },
      library: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (!values.help) return values;
  console.log(HELP);
  process.exit(0);
}
