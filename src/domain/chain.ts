/** Something that can stand in a chain. Made with null for both; who stands in one is its chain's business. */
export interface Chained<T> {
  before: T | null;
  after: T | null;
}

/**
 * A set that keeps the order of entry, for things that come and go by the thousand. Not a `Set`: one of those makes a
 * new table every few entries, and the old tables still point to the new ones and to what was in them then. Once one
 * of them is old to the collector, everything after it is kept until the next full collection: at 1,000 events/s that
 * was about a third of what grew old.
 */
export class Chain<T extends Chained<T>> {
  #first: T | null = null;
  #last: T | null = null;

  /** The one that has been here for the longest. */
  get first(): T | null {
    return this.#first;
  }

  /** @param item must not be in a chain */
  add(item: T): void {
    item.before = this.#last;
    if (this.#last === null) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Does nothing for one that is not here. */
  remove(item: T): void {
    const { before, after } = item;
    if (before === null && this.#first !== item) return;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    item.before = null;
    item.after = null;
  }
}
