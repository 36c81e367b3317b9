import type { Database, Statement } from 'better-sqlite3';
import type { AttemptTrigger } from '../../domain/attempt.ts';
import {
  type DeliveryChange,
  type DeliveryState,
  type DeliveryStatus,
  isBlocked,
  type Transition,
  transition,
} from '../../domain/delivery.ts';
import type { Contents } from './contents.ts';
import type { DeliveryOrder, Place } from './delivery-order.ts';
import type { LeaseTable } from './leases.ts';
import type { DueChange } from './protocol.ts';
import type { Tallies } from './tallies.ts';

interface StateRow {
  event_seq: number;
  route: string;
  target: string;
  status: DeliveryStatus;
  reason: string | null;
  due_at: number | null;
  finished_at: number | null;
  attempts: number;
  budget_start: number;
  budget_spent_ms: number;
  next_trigger: AttemptTrigger;
  ordering_key: string | null;
}

/** Begins the insert of a delivery; columns that only some deliveries use are left to their defaults. */
export const NEW_DELIVERY = `INSERT INTO deliveries (seq, event_seq, created_at, route, target, status, reason, due_at,
  finished_at, attempts, budget_start, next_trigger, replayed, last_attempt, room)`;

export interface StoredDelivery {
  event: number;
  route: string;
  target: string;
  orderingKey: string | null;
  state: DeliveryState;
}

/** Reads a delivery's state and writes what became of it: the one way to a delivery's row after its insert. */
export class DeliveryRows {
  readonly #leases: LeaseTable;
  readonly #tallies: Tallies;
  readonly #contents: Contents;
  readonly #read: Statement;
  readonly #write: Statement;
  readonly #writeUnsent: Statement;
  readonly #writeAttempt: Statement;
  readonly #keepAttempt: Statement;
  readonly #spend: Statement;

  readonly #order: DeliveryOrder;

  constructor(db: Database, leases: LeaseTable, tallies: Tallies, contents: Contents, order: DeliveryOrder) {
    this.#order = order;
    this.#contents = contents;
    this.#leases = leases;
    this.#tallies = tallies;
    this.#read = db.prepare(
      'SELECT event_seq, route, target, status, reason, due_at, finished_at, attempts, budget_start, budget_spent_ms, next_trigger, ordering_key FROM deliveries WHERE seq = ?',
    );
    const columns = 'status = ?, reason = ?, due_at = ?, finished_at = ?, attempts = ?, budget_start = ?, next_trigger = ?';
    this.#write = db.prepare(`UPDATE deliveries SET ${columns} WHERE seq = ?`);
    this.#writeUnsent = db.prepare(`UPDATE deliveries SET ${columns}, room = NULL WHERE seq = ?`);
    this.#writeAttempt = db.prepare(`UPDATE deliveries SET ${columns}, last_attempt = ?, room = NULL WHERE seq = ?`);
    this.#keepAttempt = db.prepare('INSERT INTO attempts SELECT seq, attempts, last_attempt FROM deliveries WHERE seq = ?');
    this.#spend = db.prepare('UPDATE deliveries SET budget_spent_ms = ? WHERE seq = ?');
  }

  read(seq: number): StoredDelivery | null {
    const row = this.#read.get(seq) as StateRow | undefined;
    if (row === undefined) return null;
    const state: DeliveryState = {
      status: row.status,
      reason: row.reason,
      dueAt: row.due_at,
      finishedAt: row.finished_at,
      attempts: row.attempts,
      budgetStart: row.budget_start,
      budgetSpentMs: row.budget_spent_ms,
      nextTrigger: row.next_trigger,
      lease: this.#leases.leaseOf(seq),
    };
    return { event: row.event_seq, route: row.route, target: row.target, orderingKey: row.ordering_key, state };
  }

  /**
   * Applies a change by the rules and stores what came of it.
   * @param attempt JSON of the attempt, when the change settles one
   */
  change(
    seq: number,
    delivery: StoredDelivery | LeasedState,
    change: DeliveryChange,
    now: number,
    attempt: string | null = null,
  ): Transition {
    const result = transition(delivery.state, change, now);
    if (!result.ok) return result;
    this.#store(seq, delivery, result.state, attempt);
    const { target, orderingKey } = delivery;
    if (orderingKey !== null) this.#keepOrder({ target, orderingKey, seq }, delivery, change, result.state, now);
    return result;
  }

  /** A delivery is being removed. */
  removed(place: Place, now: number): void {
    if (this.#order.leave(place)) this.#freeNext(place, now);
  }

  #store(seq: number, delivery: LeasedState, after: DeliveryState, attempt: string | null): void {
    const { state: before, route, target, orderingKey } = delivery;
    const { status, reason, dueAt, finishedAt, attempts, budgetStart, nextTrigger } = after;
    if (attempt === null) {
      // What a filter ended needs no room for an attempt any more.
      const write = status === 'filtered' ? this.#writeUnsent : this.#write;
      write.run(status, reason, dueAt, finishedAt, attempts, budgetStart, nextTrigger, seq);
    } else {
      // The row carries the last attempt; the one before it moves out. So a delivery that succeeds at once has one row.
      if (before.attempts > 0) this.#keepAttempt.run(seq);
      this.#writeAttempt.run(
        status,
        reason,
        dueAt,
        finishedAt,
        attempts,
        budgetStart,
        nextTrigger,
        this.#contents.storeText(attemptPlace(seq), attempt),
        seq,
      );
    }
    // Its own statement: targets without a retry duration never come here.
    if (after.budgetSpentMs !== before.budgetSpentMs) this.#spend.run(after.budgetSpentMs, seq);
    this.#tallies.move(route, target, before.status, status);
    if (after.lease !== null) this.#leases.set(seq, { state: after, route, target, orderingKey });
    else if (before.lease !== null) this.#leases.remove(seq);
  }

  /** What a change of one delivery means for the others of its key. */
  #keepOrder(place: Place, from: LeasedState, change: DeliveryChange, after: DeliveryState, now: number): void {
    const { target, orderingKey } = place;
    const { route, state: before } = from;
    const blocked = Number(isBlocked(after)) - Number(isBlocked(before));
    if (blocked !== 0) this.#tallies.add(route, target, 'blocked', blocked);
    if (!this.#order.holdsPlace(target, after)) this.removed(place, now);
    else if ((change.kind === 'retry' || change.kind === 'release') && !isDue(before)) this.#queueUp(place, now);
    if (before.lease !== null && after.lease === null) this.#order.leaseEnded(target, orderingKey, now);
  }

  #freeNext({ target, orderingKey }: Place, now: number): void {
    const seq = this.#order.first(target, orderingKey);
    const next = seq === null ? null : this.read(seq);
    if (seq === null || next === null || !isBlocked(next.state)) return;
    const place = { target, orderingKey, seq };
    this.free(place, next, this.#order.notBefore(place, now), now);
  }

  /** Makes a blocked delivery due, now or when its delay is over. */
  free({ target, seq }: Place, blocked: StoredDelivery, notBefore: number, now: number): void {
    this.change(seq, blocked, { kind: 'unblock', notBefore }, now);
    if (notBefore > now) this.#order.wake(target, notBefore);
    else this.#order.freed(seq, target);
  }

  /** An operator or a configuration has made it due: it may go only if it is the first, or while its attempt runs. */
  #queueUp(place: Place, now: number): void {
    const { target, orderingKey, seq } = place;
    if (!this.#order.isOrdered(target)) return;
    const former = this.#order.first(target, orderingKey);
    this.#order.enter(place, 0);
    const first = this.#order.first(target, orderingKey);
    const waiting = first === seq ? former : seq;
    if (waiting === null || waiting === first) return;
    const delivery = this.read(waiting);
    // Were all that are due left so, those that may not go yet would stand before the others of the target. A retry keeps its time.
    if (delivery === null || !isDue(delivery.state) || (delivery.state.dueAt ?? 0) > now) return;
    if (delivery.state.lease === null) this.change(waiting, delivery, { kind: 'block' }, now);
  }
}

function isDue({ status, dueAt }: DeliveryState): boolean {
  return status === 'pending' && dueAt !== null;
}

interface LeasedState {
  route: string;
  target: string;
  orderingKey: string | null;
  state: DeliveryState;
}

/** Where an attempt belongs: with its delivery, whichever table it is in. */
export function attemptPlace(delivery: number): string {
  return `attempt:${delivery}`;
}

/** Keeps of several changes the earliest due time per target. */
export function earliestDue(changes: readonly DueChange[]): DueChange[] {
  const earliest = new Map<string, number>();
  for (const { target, dueAt } of changes) earliest.set(target, Math.min(dueAt, earliest.get(target) ?? dueAt));
  return [...earliest].map(([target, dueAt]) => ({ target, dueAt }));
}
