import { StringDecoder } from 'node:string_decoder';

/** A line that has no end is passed on in parts. */
const LONGEST = 65_536;

/** Cuts what a process prints into lines. */
export class OutputLines {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  constructor(private readonly tell: (line: string) => void) {}

  add(chunk: Buffer): void {
    const lines = (this.rest + this.decoder.write(chunk)).split(/\r?\n/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.tell(line);
    if (this.rest.length < LONGEST) return;
    this.tell(this.rest);
    this.rest = '';
  }

  end(): void {
    this.rest += this.decoder.end();
    if (this.rest !== '') this.tell(this.rest);
    this.rest = '';
  }
}
