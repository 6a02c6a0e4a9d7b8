/** A class that extends it gives its private fields to whatever object it is constructed with. */
class Given {
  constructor(object: object) {
    return object;
  }
}

// What cannot take a field.
const sealed = new WeakMap<object, string>();

/**
 * Marks an object with its owner, where nobody sees it: no copy, comparison or serialisation takes it along. A WeakMap does
 * the same at more than ten times the price, which every row that is read would have to pay.
 */
export class OwnerMark extends Given {
  #owner: string;

  private constructor(object: object, owner: string) {
    super(object);
    this.#owner = owner;
  }

  static of(object: object): string | undefined {
    return #owner in object ? object.#owner : sealed.get(object);
  }

  static set(object: object, owner: string): void {
    if (#owner in object) object.#owner = owner;
    else if (Object.isExtensible(object)) void new OwnerMark(object, owner);
    else sealed.set(object, owner);
  }
}
