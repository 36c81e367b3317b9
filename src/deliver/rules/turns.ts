/** Items by key, given out one key after the other, so that no key waits for all that another has. */
export class Turns<T> {
  readonly #byKey = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  push(key: string, item: T): void {
    const items = this.#byKey.get(key);
    if (items === undefined) this.#byKey.set(key, [item]);
    else items.push(item);
  }

  /** Puts an item before the others of its key. */
  unshift(key: string, item: T): void {
    this.#byKey.set(key, [item, ...(this.#byKey.get(key) ?? [])]);
  }

  next(): T | undefined {
    for (const [key, items] of this.#byKey) {
      const item = items.shift();
      this.#byKey.delete(key);
      if (items.length > 0) this.#byKey.set(key, items); // at the end of the map's order
      return item;
    }
    return undefined;
  }

  drain(): T[] {
    const all = [...this.#byKey.values()].flat();
    this.#byKey.clear();
    return all;
  }
}
