import { Fifo } from './fifo.ts';

interface Line<T> {
  items: Fifo<T>;
  length: number;
}

/**
 * What waits for one target, in a line for each route; the routes take turns, so that a replay or a flood of one does not
 * hold up another. A route that waits alone gets every turn. Constant time, and nothing is allocated for an item.
 */
export class RouteTurns<T> {
  /** One for each route that ever had something here; there are as many as the configuration had. */
  readonly #lines = new Map<string, Line<T>>();
  /** Those with something in them, in the order of their turns. */
  #turns = new Fifo<Line<T>>();
  /** Whose turn it is. */
  #next: Line<T> | undefined;

  push(route: string, item: T): void {
    let line = this.#lines.get(route);
    if (line === undefined) {
      line = { items: new Fifo(), length: 0 };
      this.#lines.set(route, line);
    }
    line.items.push(item);
    line.length += 1;
    if (line.length > 1) return;
    if (this.#next === undefined) this.#next = line;
    else this.#turns.push(line);
  }

  /** What {@link shift} would return. */
  peek(): T | undefined {
    return this.#next?.items.peek();
  }

  shift(): T | undefined {
    const line = this.#next;
    if (line === undefined) return undefined;
    const item = line.items.shift();
    line.length -= 1;
    if (line.length > 0) this.#turns.push(line);
    this.#next = this.#turns.shift();
    return item;
  }

  /** How many of a route wait. */
  waiting(route: string): number {
    return this.#lines.get(route)?.length ?? 0;
  }

  /** Takes everything out, one route after the other. */
  drain(): T[] {
    const rest = [...this.#lines.values()].flatMap(({ items }) => items.drain());
    this.#lines.clear();
    this.#turns = new Fifo();
    this.#next = undefined;
    return rest;
  }
}
