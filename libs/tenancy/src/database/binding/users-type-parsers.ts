import type { TypeOverrides } from './pg-internals.js';

/** How values are read, as the user of a connection has said it: that goes with him, or it would read what the next one asks for. */
export class UsersTypeParsers {
  private others: TypeOverrides = { text: {}, binary: {} };

  constructor(private readonly overrides: TypeOverrides) {}

  /** Those that are there now are not the next user's. */
  begin(): void {
    const { text, binary } = this.overrides;
    this.others = { text: { ...text }, binary: { ...binary } };
  }

  /** Takes away those that came since, and puts back those that they replaced. */
  end(): void {
    Object.assign(this.overrides, this.others);
  }
}
