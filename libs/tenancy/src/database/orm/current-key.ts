/** What the running code is bound to. */
export interface CurrentKey {
  /** `undefined` where it is bound to nobody. */
  find(): string | undefined;
  /** Throws where it is bound to nobody. */
  get(): string;
  /** Whether that is the system. */
  isSystem(): boolean;
}
