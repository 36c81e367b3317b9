import type { Database, Statement } from 'better-sqlite3';
import type { AttemptTrigger } from '../../domain/attempt.ts';
import { WAITS_FOR_ORDER } from '../../domain/delivery.ts';
import type { DeliveryOrder } from './delivery-order.ts';
import { NEW_DELIVERY } from './delivery-rows.ts';
import type { LeaseTable } from './leases.ts';
import type { Tallies } from './tallies.ts';

export interface NewOrdered {
  seq: number;
  event: number;
  /** Wall ms. */
  createdAt: number;
  route: string;
  target: string;
  orderingKey: string;
  trigger: AttemptTrigger;
  replayed: boolean;
  /** What takes the place of the first attempt's text; see migrations/002-attempt-room.ts. */
  room: string | null;
}

/** Adds deliveries that have an ordering key, each at the end of its key. */
export class OrderedInserts {
  readonly #order: DeliveryOrder;
  readonly #leases: LeaseTable;
  readonly #tallies: Tallies;
  readonly #insert: Statement;

  constructor(db: Database, order: DeliveryOrder, leases: LeaseTable, tallies: Tallies) {
    this.#order = order;
    this.#leases = leases;
    this.#tallies = tallies;
    this.#insert = db.prepare(
      `${NEW_DELIVERY.slice(0, -1)}, ordering_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, 0, ?, ?, NULL, ?, ?)`,
    );
  }

  /** The key as it is stored, or as it was stored before (under another encryption key) while some of those have not ended. */
  keyInUse(target: string, stored: string, former: readonly string[]): string {
    return former.find((key) => this.#order.first(target, key) !== null) ?? stored;
  }

  isOrdered(target: string): boolean {
    return this.#order.isOrdered(target);
  }

  /**
   * @param delayMs from its acceptance on
   * @returns whether it may be leased when it is due: it is the first of its key, and no attempt of the key runs
   */
  pending(delivery: NewOrdered, now: number, delayMs = 0): boolean {
    const { route, target, orderingKey } = delivery;
    const isFirst = this.#order.first(target, orderingKey) === null;
    const dueAt = delayMs === 0 ? now : delivery.createdAt + delayMs;
    this.#store(delivery, 'pending', isFirst ? null : WAITS_FOR_ORDER, isFirst ? dueAt : null, delayMs);
    if (!isFirst) {
      this.#tallies.add(route, target, 'blocked', 1);
      return false;
    }
    if (!this.#leases.isRunning(target, orderingKey)) return true;
    // A cancelled one is still being attempted. That this one is due is said when it has ended.
    this.#order.passedOver(target, orderingKey);
    return false;
  }

  held(delivery: NewOrdered, reason: string): void {
    this.#store(delivery, 'held', reason, null, 0);
  }

  #store(delivery: NewOrdered, status: 'pending' | 'held', reason: string | null, dueAt: number | null, delayMs: number): void {
    const { seq, event, createdAt, route, target, orderingKey, trigger, replayed, room } = delivery;
    const end = [trigger, replayed ? 1 : 0, room, orderingKey] as const;
    this.#insert.run(seq, event, createdAt, route, target, status, reason, dueAt, ...end);
    this.#order.enter({ target, orderingKey, seq }, delayMs);
  }
}
