import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryFilter } from '../../domain/listing.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { type Condition, conditionOf, namedBy } from './delivery-filter.ts';
import type { EventHistory, EventWithBody } from './history-events.ts';
import { scanAll } from './scan.ts';
import type { ExportPosition, MatchedItem } from './task-protocol.ts';

/** Well under the 2 s for which a read may stay. */
const BUDGET_MS = 500;

const NAMED_EVENT = '(e.seq, e.received_at) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))';

export interface ExportBatch {
  at: ExportPosition;
  /** Null for an event that is gone or damaged. */
  events: (EventWithBody | null)[];
}

/** Reads of exports: which events they have, and the next of them with their bodies. Every call is bounded. */
export class ExportHistory {
  readonly #db: Database;
  readonly #events: EventHistory;
  readonly #bounds: () => Bounds;
  readonly #task: Statement;
  readonly #items: Statement;

  constructor(db: Database, events: EventHistory) {
    this.#db = db;
    this.#events = events;
    this.#bounds = boundsOf(db, 'events');
    this.#task = db.prepare(
      "SELECT position, file_bytes AS bytes, restarts FROM tasks WHERE seq = ? AND kind = 'export' AND status = 'running'",
    );
    this.#items = db
      .prepare('SELECT item_seq FROM task_items WHERE task_seq = ? AND position >= ? ORDER BY position LIMIT ?')
      .pluck();
  }

  /**
   * The events that an export has, oldest first. Route, type, times and event ids are the event's own; of the rest of the filter it
   * must have a delivery that matches all of it.
   */
  matchedEvents(filter: DeliveryFilter): MatchedItem[] {
    const { sql, params } = eventCondition(filter);
    const { bottom, top } = this.#bounds();
    const read = this.#db.prepare(
      `SELECT e.seq, 'event' AS status FROM events e WHERE e.seq >= ? AND e.seq < ? AND e.gone = 0 AND ${sql} ORDER BY e.seq`,
    );
    const matched: MatchedItem[] = [];
    scanAll(
      top,
      bottom,
      (from, below) => read.all(from, below, ...params) as MatchedItem[],
      (rows) => matched.push(...rows),
    );
    return matched;
  }

  /**
   * What an export writes next: at most `limit` events, and no further one when there are `bytes` of bodies.
   * @returns null when it is not running
   */
  exportBatch(task: number, limit: number, bytes: number): ExportBatch | null {
    const at = this.#task.get(task) as ExportPosition | undefined;
    if (at === undefined) return null;
    const deadline = performance.now() + BUDGET_MS;
    const events: ExportBatch['events'] = [];
    let size = 0;
    for (const seq of this.#items.all(task, at.position, limit) as number[]) {
      if (events.length > 0 && (size >= bytes || performance.now() > deadline)) break;
      const event = this.#events.withBody(seq);
      size += event?.body.length ?? 0;
      events.push(event);
    }
    return { at, events };
  }
}

/** A delivery of the event `e`, made with it or by a replay, for which this holds. */
const hasDelivery = (sql: string): string => `(EXISTS (SELECT 1 FROM deliveries d
    WHERE d.seq >= e.first_delivery AND d.seq < e.first_delivery + e.delivery_count AND ${sql})
  OR EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = e.seq AND d.replayed = 1 AND ${sql}))`;

function eventCondition(filter: DeliveryFilter): Condition {
  const terms = ['1'];
  const params: (string | number)[] = [];
  const add = (term: string, ...values: (string | number)[]): void => {
    terms.push(term);
    params.push(...values);
  };
  if (filter.route !== undefined) add('e.route = ?', filter.route);
  if (filter.type !== undefined) add('e.type = ?', filter.type);
  if (filter.from !== undefined) add('e.received_at >= ?', filter.from);
  if (filter.to !== undefined) add('e.received_at < ?', filter.to);
  if (filter.eventIds !== undefined) add(NAMED_EVENT, namedBy('evt', filter.eventIds));
  const { status, target, deliveryIds } = filter;
  const ofDelivery = conditionOf({
    ...(status === undefined ? {} : { status }),
    ...(target === undefined ? {} : { target }),
    ...(deliveryIds === undefined ? {} : { deliveryIds }),
  });
  if (deliveryIds !== undefined)
    add(`e.seq IN (SELECT d.event_seq FROM deliveries d WHERE ${ofDelivery.sql})`, ...ofDelivery.params);
  else if (status !== undefined || target !== undefined)
    add(hasDelivery(ofDelivery.sql), ...ofDelivery.params, ...ofDelivery.params);
  return { sql: terms.join(' AND '), params };
}
