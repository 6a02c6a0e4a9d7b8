import { renderMemory } from './readme-memory.mjs';
import { renderMigrations } from './readme-migrations.mjs';
import { renderNeighbours } from './readme-neighbours.mjs';
import { renderOtherNode } from './readme-other-node.mjs';
import { renderStatements } from './readme-statements.mjs';

/** The figures of the results files as Markdown. What was not measured yet is left out. */
export function renderFigures({ statements, memory, neighbours, migrations }, otherNode) {
  return [
    ...(statements ? renderStatements(statements) : []),
    ...(otherNode.statements ? renderOtherNode(otherNode.statements) : []),
    ...(memory ? renderMemory(memory) : []),
    ...(neighbours ? renderNeighbours(neighbours) : []),
    ...(migrations ? renderMigrations(migrations) : []),
  ].join('\n\n');
}
