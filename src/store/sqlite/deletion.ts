import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryRows } from './delivery-rows.ts';
import { type EventRemoval, GONE } from './event-removal.ts';
import type { CommandResult } from './protocol.ts';

/** Deletes what came from outside, on request. Runs inside the batch's transaction. */
export class Deletion {
  readonly #rows: DeliveryRows;
  readonly #removal: EventRemoval;
  readonly #deleteRejection: Statement;

  constructor(db: Database, rows: DeliveryRows, removal: EventRemoval) {
    this.#rows = rows;
    this.#removal = removal;
    this.#deleteRejection = db.prepare('DELETE FROM rejections WHERE seq = ?');
  }

  /** Events that are gone already are passed over. Deliveries that are not done end as cancelled. */
  delete(events: readonly number[], now: number): CommandResult {
    const cancelled: { delivery: number; createdAt: number }[] = [];
    let deleted = 0;
    for (const seq of events) {
      const event = this.#removal.event(seq);
      if (event === null || event.gone === GONE) continue;
      const deliveries = this.#removal.deliveriesOf(event);
      for (const { seq: delivery, created_at: createdAt } of deliveries) {
        const row = this.#rows.read(delivery);
        if (row !== null && this.#rows.change(delivery, row, { kind: 'delete' }, now).ok) cancelled.push({ delivery, createdAt });
      }
      this.#removal.erase(event, deliveries);
      deleted += 1;
    }
    return { kind: 'deleted', deleted, cancelled };
  }

  deleteRejections(rejections: readonly number[]): CommandResult {
    let deleted = 0;
    for (const seq of rejections) deleted += this.#deleteRejection.run(seq).changes;
    return { kind: 'deleted', deleted, cancelled: [] };
  }
}
