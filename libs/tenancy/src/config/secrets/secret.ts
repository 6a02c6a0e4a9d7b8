import { inspect } from 'node:util';

/** What a secret is shown as, wherever it is shown. */
export const SECRET_PLACEHOLDER = '[secret]';

/**
 * A value that shows nothing of itself: not in JSON, in a template, in a log line nor in what `util.inspect()` prints. Open
 * it with `reveal()` where it is used, and nowhere before.
 *
 * @example await login({ user, pass: settings.getOrThrow('smtp.password').reveal() })
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
    Object.freeze(this);
  }

  /** The value itself. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return SECRET_PLACEHOLDER;
  }

  toJSON(): string {
    return SECRET_PLACEHOLDER;
  }

  [Symbol.toPrimitive](): string {
    return SECRET_PLACEHOLDER;
  }

  [inspect.custom](): string {
    return SECRET_PLACEHOLDER;
  }
}
