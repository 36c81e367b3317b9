import type { Database } from 'better-sqlite3';
import { REJECTION_BODY_BYTES } from '../../domain/event.ts';
import type { DeliveryFilter, Found } from '../../domain/listing.ts';
import { boundsOf } from './bounds.ts';
import { conditionOf } from './delivery-filter.ts';
import { GONE } from './event-removal.ts';
import type { EventHistory, EventSummary } from './history-events.ts';
import type { RecordHistory } from './history-records.ts';

/** Rows of deliveries that one statement may look at. */
const WINDOW_ROWS = 20_000;
/** Events that one step names: they are deleted before the next step is asked for. */
const STEP_EVENTS = 200;
const STEP_MS = 500;
const SAMPLE_EVENTS = 10;

/** Where a deletion goes on: below which number of a delivery it ends was fixed when it began. */
export interface DeletionPlace {
  from: number;
  top: number;
}

/** Numbers of events, and where to go on; null at the end. */
export interface DeletionStep {
  events: number[];
  next: DeletionPlace | null;
}

/** Finds what a deletion is to delete. Every call is bounded. */
export class DeletionHistory {
  readonly #db: Database;
  readonly #events: EventHistory;
  readonly #records: RecordHistory;

  constructor(db: Database, events: EventHistory, records: RecordHistory) {
    this.#db = db;
    this.#events = events;
    this.#records = records;
  }

  /** The number of an event that has not been deleted yet. */
  deletable(id: string): Found<number> {
    return this.#events.numberOf(id);
  }

  /** All that there is now. */
  deletionPlace(): DeletionPlace {
    const { bottom, top } = boundsOf(this.#db, 'deliveries')();
    return { from: bottom, top };
  }

  /** The next events with a delivery that the filter matches. */
  deletionStep(filter: DeliveryFilter, place: DeletionPlace): DeletionStep {
    const { sql, params } = conditionOf(filter);
    // A delivery that a replay made is younger than its event, and the age of events is asked for.
    const age = filter.from === undefined && filter.to === undefined ? '' : 'AND d.replayed = 0';
    const read = this.#db.prepare(`SELECT d.seq, d.event_seq AS event FROM deliveries d JOIN events ON events.seq = d.event_seq
      WHERE d.seq >= ? AND d.seq < ? AND events.gone <> ${GONE} ${age} AND ${sql} ORDER BY d.seq LIMIT ?`);
    const deadline = performance.now() + STEP_MS;
    const events = new Set<number>();
    let { from } = place;
    while (from < place.top && events.size < STEP_EVENTS && performance.now() < deadline) {
      const below = Math.min(from + WINDOW_ROWS, place.top);
      const rows = read.all(from, below, ...params, STEP_EVENTS) as { seq: number; event: number }[];
      for (const { event } of rows) events.add(event);
      const last = rows.at(-1);
      from = rows.length === STEP_EVENTS && last !== undefined ? last.seq + 1 : below;
    }
    return { events: [...events], next: from < place.top ? { ...place, from } : null };
  }

  /** How many events the filter matches, and the newest of them. */
  deletionPreview(filter: DeliveryFilter): { matched: number; sample: EventSummary[] } {
    const all = new Set<number>();
    for (let place: DeletionPlace | null = this.deletionPlace(); place !== null; ) {
      const step: DeletionStep = this.deletionStep(filter, place);
      for (const event of step.events) all.add(event);
      place = step.next;
    }
    const newest = [...all].sort((a, b) => b - a).slice(0, SAMPLE_EVENTS);
    return { matched: all.size, sample: this.#events.views(newest) };
  }

  /** Rejections that hold the beginning of the body of one of these events. */
  rejectionsLike(events: readonly number[]): number[] {
    const starts = new Set<string>();
    for (const event of events) {
      const start = this.#events.bodyOf(event)?.toString('utf8', 0, REJECTION_BODY_BYTES) ?? '';
      if (start !== '') starts.add(start);
    }
    if (starts.size === 0) return [];
    return this.#records
      .bodyStarts()
      .filter(({ bodyStart }) => starts.has(bodyStart))
      .map(({ seq }) => seq);
  }
}
