// What a statement costs with each way to tie it to its tenant, and what many tenants cost beside time; see --help.
import { HELP, readArguments } from './arguments.mjs';
import { readOrRefuse } from './command-line.mjs';
import { measureMemory } from './memory/measure-memory.mjs';
import { checkMemoryTargets } from './memory/targets.mjs';
import { formatMemory } from './report/memory-table.mjs';
import { formatStatements } from './report/statements-table.mjs';
import { runParts } from './run-parts.mjs';
import { measureStatements } from './statements/measure-statements.mjs';
import { checkTargets } from './statements/targets.mjs';

const statements = { measure: measureStatements, format: formatStatements, targets: ({ rows }) => checkTargets(rows) };
const memory = { measure: measureMemory, format: formatMemory, targets: checkMemoryTargets };

const options = readOrRefuse(readArguments);
if (options.help) console.log(HELP);
else if (options.memory) await runParts({ memory }, options);
else await runParts(options.isComplete ? { statements, memory } : { statements }, options);
