import { renderMemory } from './readme-memory.mjs';
import { renderNeighbours } from './readme-neighbours.mjs';
import { renderStatements } from './readme-statements.mjs';

/** The figures of the results file as Markdown. What was not measured yet is left out. */
export function renderFigures({ statements, memory, neighbours }) {
  return [
    ...(statements ? renderStatements(statements) : []),
    ...(memory ? renderMemory(memory) : []),
    ...(neighbours ? renderNeighbours(neighbours) : []),
  ].join('\n\n');
}
