import pg from 'pg';
import type { PgDataRow, PgMessage } from './pg-internals.js';
import type { TypeParsers } from './row-shape.js';
import { listOf, parsersOf, RowShape } from './row-shape.js';
import type { StatementTraits } from './statement-traits.js';

type Result = pg.Result & { addCommandComplete(message: PgMessage): void };
const ResultBase = pg.Result as unknown as new (rowMode: string | undefined) => Result;

/** Reads what the server answers to one text into results as pg's own: one, or a list where the text has several. */
export class ResultReader {
  private readonly results: Result[] = [];
  /** The one that is being read. */
  private current: Result | undefined;
  private parsers: ReturnType<typeof parsersOf> = [];
  private shape: RowShape | undefined;

  constructor(
    private readonly types: TypeParsers,
    private readonly traits: StatementTraits,
    private readonly rowMode: string | undefined,
  ) {}

  describe(fields: pg.FieldDef[]): void {
    const result = this.start();
    result.fields = fields;
    this.parsers = parsersOf(fields, this.types);
    if (this.rowMode === 'array') return;
    const known = this.traits.shape;
    this.shape = known?.fits(fields) ? known : new RowShape(fields);
    this.traits.shape = this.shape;
  }

  row(message: PgDataRow): void {
    const { shape, parsers } = this;
    this.current?.rows.push(shape ? shape.object(message, parsers) : listOf(message, parsers));
  }

  complete(message: PgMessage): void {
    (this.current ?? this.start()).addCommandComplete(message);
    this.current = undefined;
  }

  get value(): Result | Result[] {
    const { results } = this;
    if (results.length === 0) return this.start();
    return results.length === 1 ? results[0] : results;
  }

  private start(): Result {
    const result = new ResultBase(this.rowMode);
    this.results.push(result);
    this.current = result;
    this.shape = undefined;
    return result;
  }
}
