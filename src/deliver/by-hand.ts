import type { LeasedDelivery } from '../domain/leased-delivery.ts';

/** What is known of the store. */
interface InStore {
  /** Something that is due may wait there. */
  backlog: boolean;
  /** More was due than a large lease takes. */
  behind: boolean;
}

/** So many of a route may wait in memory while others are before them in the store: it only has to have its turn. */
const PAST_A_BACKLOG = 50;

/**
 * Decides which new deliveries may come by hand while others of the same target wait in the store. Due time decides, roughly;
 * but when much waits, what waits is often one route's: a replay, a flood. A route that has nothing in it may pass, and then
 * it takes turns with the others. As soon as one of its events had to be left in the store the next ones go there too, until
 * nothing is left there: so it is never overtaken by its own, and the backlog is not overtaken for ever.
 */
export class ByHand {
  readonly #inBacklog = new Set<string>();

  /** @param waiting how many of the route wait in memory */
  admits(route: string, waiting: number, store: InStore): boolean {
    if (!store.backlog) {
      if (this.#inBacklog.size > 0) this.#inBacklog.clear();
      return true;
    }
    return store.behind && waiting < PAST_A_BACKLOG && !this.#inBacklog.has(route);
  }

  leftInStore(route: string): void {
    this.#inBacklog.add(route);
  }

  /** What was leased shows whose the backlog is. A retry does not: its event had its turn. */
  leased(deliveries: readonly LeasedDelivery[], store: InStore): void {
    if (!store.behind) return;
    for (const { event, trigger } of deliveries) if (trigger !== 'retry') this.#inBacklog.add(event.route);
  }
}
