import type { Database, Statement } from 'better-sqlite3';
import { type DeliveryRows, NEW_DELIVERY } from './delivery-rows.ts';
import { BODY_GONE, GONE } from './event-removal.ts';
import type { OrderedInserts } from './ordered-inserts.ts';
import type { CommandResult, DueChange, OperatorChange } from './protocol.ts';
import type { Tallies } from './tallies.ts';

interface EventRow {
  route: string;
  gone: number;
  first_delivery: number;
  delivery_count: number;
}

/** What operators do to single deliveries, events and targets. Runs inside the batch's transaction. */
export class Operator {
  readonly #rows: DeliveryRows;
  readonly #tallies: Tallies;
  readonly #event: Statement;
  readonly #insert: Statement;
  readonly #pause: Statement;
  readonly #resume: Statement;

  readonly #key: Statement;
  readonly #ordered: OrderedInserts;

  constructor(db: Database, rows: DeliveryRows, tallies: Tallies, ordered: OrderedInserts) {
    this.#ordered = ordered;
    this.#key = db
      .prepare('SELECT ordering_key FROM deliveries WHERE seq >= ? AND seq < ? AND target = ? AND ordering_key IS NOT NULL')
      .pluck();
    this.#rows = rows;
    this.#tallies = tallies;
    this.#event = db.prepare('SELECT route, gone, first_delivery, delivery_count FROM events WHERE seq = ?');
    this.#insert = db.prepare(`${NEW_DELIVERY} VALUES (?, ?, ?, ?, ?, 'pending', NULL, ?, NULL, 0, 0, 'replay', 1, NULL, NULL)`);
    this.#pause = db.prepare('INSERT INTO paused_targets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason');
    this.#resume = db.prepare('DELETE FROM paused_targets WHERE name = ?');
  }

  operate(change: OperatorChange, seq: number, now: number): CommandResult {
    const delivery = this.#rows.read(seq);
    if (delivery === null) return { kind: 'missing' };
    const result = this.#rows.change(seq, delivery, { kind: change }, now);
    if (result.ok) return { kind: 'operated', due: dueOf(delivery.target, result.state.dueAt) };
    const code = result.refusal === 'attempt_running' ? 'attempt_running' : 'wrong_status';
    return { kind: 'refused', code, status: delivery.state.status };
  }

  /** New deliveries of an event, due now or at the end of the event's ordering key. @returns null when the event or its content is gone */
  replay(eventSeq: number, targets: readonly string[], now: number): CommandResult {
    const event = this.#event.get(eventSeq) as EventRow | undefined;
    if (event === undefined) return { kind: 'missing' };
    if (event.gone === GONE) return { kind: 'gone' };
    if (event.gone === BODY_GONE) return { kind: 'body-gone' };
    const deliveries = targets.map((target) => {
      const seq = this.#tallies.take('delivery');
      const orderingKey = this.#keyFor(event, target);
      if (orderingKey === null) {
        this.#insert.run(seq, eventSeq, now, event.route, target, now);
      } else {
        const added = { seq, event: eventSeq, createdAt: now, route: event.route, target, orderingKey };
        this.#ordered.pending({ ...added, trigger: 'replay', replayed: true, room: null }, now);
      }
      this.#tallies.add(event.route, target, 'pending', 1);
      return seq;
    });
    return { kind: 'replayed', deliveries };
  }

  /** The key that was read when the event was accepted; a target that it did not go to then has none. */
  #keyFor({ first_delivery: first, delivery_count: count }: EventRow, target: string): string | null {
    if (!this.#ordered.isOrdered(target)) return null;
    return (this.#key.get(first, first + count, target) as string | undefined) ?? null;
  }

  pause(target: string, reason: string | null, now: number): void {
    this.#pause.run(target, now, reason);
  }

  resume(target: string): void {
    this.#resume.run(target);
  }
}

function dueOf(target: string, dueAt: number | null): DueChange | null {
  return dueAt === null ? null : { target, dueAt };
}
