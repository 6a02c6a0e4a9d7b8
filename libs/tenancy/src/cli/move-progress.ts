import type { TenantMoveEvent } from '../schemas/moving/tenant-move-report.js';
import type { Output } from './output/output.js';
import type { Progress } from './output/progress.js';

const STEPS = {
  checked: 'Nothing speaks against it.',
  prepared: 'Its schema is there.',
  frozen: 'Writes are refused from now on.',
  compared: 'All rows are the same.',
  placed: 'The registry has it.',
} as const;

/** Shows how far a move is: its steps, and the tables that are copied. */
export class MoveProgress {
  private tables: Progress | undefined;

  constructor(private readonly output: Output) {}

  show(event: TenantMoveEvent): void {
    if (event.type !== 'copied') {
      this.end();
      return this.output.note(STEPS[event.type]);
    }
    if (!this.tables) {
      this.tables = this.output.progress();
      this.tables.begin(event.todo);
    }
    this.tables.advance(event.done);
  }

  end(): void {
    this.tables?.end();
    this.tables = undefined;
  }
}
