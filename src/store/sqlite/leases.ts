import type { DeliveryState, Lease } from '../../domain/delivery.ts';
import { nameOf } from './delivery-order.ts';

/** A delivery that a dispatcher has, with its state, so that settling reads no row. */
export interface LeaseEntry {
  state: DeliveryState;
  route: string;
  target: string;
  orderingKey: string | null;
}

const NOTHING = { target: '', orderingKey: null };

/**
 * The claims of this process. They are in memory because one process holds the database's lock: when it ends,
 * its claims are void without a row being touched. Changes made within a transaction are undone with it.
 */
export class LeaseTable {
  readonly #entries = new Map<number, LeaseEntry>();
  readonly #perTarget = new Map<string, number>();
  /** Ordering keys of which one is leased. */
  readonly #keys = new Set<string>();
  #undo: { delivery: number; before: LeaseEntry | undefined }[] = [];

  get(delivery: number): LeaseEntry | undefined {
    return this.#entries.get(delivery);
  }

  leaseOf(delivery: number): Lease | null {
    return this.#entries.get(delivery)?.state.lease ?? null;
  }

  countOf(target: string): number {
    return this.#perTarget.get(target) ?? 0;
  }

  /** Whether a delivery of this key is leased: then no other one may be. */
  isRunning(target: string, orderingKey: string): boolean {
    return this.#keys.has(nameOf(target, orderingKey));
  }

  set(delivery: number, entry: LeaseEntry): void {
    this.#undo.push({ delivery, before: this.#entries.get(delivery) });
    this.#put(delivery, entry);
  }

  remove(delivery: number): void {
    this.#undo.push({ delivery, before: this.#entries.get(delivery) });
    this.#put(delivery, undefined);
  }

  /** The transaction is on disk: what was changed stays. */
  keep(): void {
    this.#undo = [];
  }

  /** A point to which {@link rollBack} can return. */
  mark(): number {
    return this.#undo.length;
  }

  rollBack(mark = 0): void {
    while (this.#undo.length > mark) {
      const step = this.#undo.pop();
      if (step !== undefined) this.#put(step.delivery, step.before);
    }
  }

  #put(delivery: number, entry: LeaseEntry | undefined): void {
    const before = this.#entries.get(delivery);
    if (before === undefined && entry !== undefined) this.#perTarget.set(entry.target, this.countOf(entry.target) + 1);
    if (before !== undefined && entry === undefined) this.#perTarget.set(before.target, this.countOf(before.target) - 1);
    const { target, orderingKey } = entry ?? before ?? NOTHING;
    if (orderingKey !== null) this.#keys[entry === undefined ? 'delete' : 'add'](nameOf(target, orderingKey));
    if (entry === undefined) this.#entries.delete(delivery);
    else this.#entries.set(delivery, entry);
  }
}
