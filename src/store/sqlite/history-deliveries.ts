import type { Database, Statement } from 'better-sqlite3';
import type { Attempt } from '../../domain/attempt.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { parseId } from '../../domain/ids.ts';
import type { DeliveryFilter, Found, Page, PageRequest } from '../../domain/listing.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import type { Contents } from './contents.ts';
import { byIndex, type Condition, conditionOf, INDEXED } from './delivery-filter.ts';
import { readCursor, scanAll, scanPage, writeCursor } from './scan.ts';
import type { MatchedItem } from './task-protocol.ts';
import { type DeliveryRow, type DeliveryView, deliveryView, shownAttempt } from './views.ts';

const BLOCKED = "d.status = 'pending' AND d.due_at IS NULL";
const FIRST = 'SELECT min(delivery_seq) FROM delivery_order o WHERE o.target = d.target AND o.ordering_key = d.ordering_key';
const COLUMNS = `d.seq, d.event_seq, (SELECT received_at FROM events e WHERE e.seq = d.event_seq) AS event_received_at, d.created_at,
  d.route, d.target, d.status, d.reason, d.due_at, d.finished_at, d.attempts, d.budget_start, d.last_attempt, d.ordering_key,
  CASE WHEN ${BLOCKED} THEN (${FIRST}) END AS waits_for,
  CASE WHEN ${BLOCKED} THEN (SELECT created_at FROM deliveries f WHERE f.seq = (${FIRST})) END AS waits_for_created_at`;

/** Up to this many rows of a rare status are sorted; more are found soon enough by going through the newest. */
const SORTED_ROWS = 20_000;
const SAMPLE_ROWS = 10;

export interface TargetCounts {
  target: string;
  counts: Partial<Record<DeliveryStatus, number>>;
  oldestDueAt: number | null;
  /** Those of the pending ones that wait for others of their ordering key. */
  blocked: number;
}

interface CountRow {
  target: string;
  status: DeliveryStatus | 'blocked';
  count: number;
}

/** Reads of deliveries. Every call is bounded. */
export class DeliveryHistory {
  readonly #db: Database;
  readonly #contents: Contents;
  readonly #bounds: () => Bounds;
  readonly #counts: Statement;
  readonly #oldest: Statement;
  readonly #attempts: Statement;
  readonly #ofEvent: Statement;

  constructor(db: Database, contents: Contents) {
    this.#db = db;
    this.#contents = contents;
    this.#bounds = boundsOf(db, 'deliveries');
    this.#counts = db.prepare('SELECT target, status, sum(count) AS count FROM delivery_counts GROUP BY target, status');
    this.#oldest = db.prepare("SELECT min(due_at) AS due_at FROM deliveries WHERE status = 'pending' AND target = ?");
    this.#attempts = db.prepare('SELECT attempt FROM attempts WHERE delivery_seq = ? ORDER BY number');
    this.#ofEvent = db.prepare(`SELECT ${COLUMNS} FROM deliveries d WHERE d.seq >= ? AND d.seq < ?
      UNION ALL SELECT ${COLUMNS} FROM deliveries d WHERE d.event_seq = ? AND d.replayed = 1`);
  }

  list(filter: DeliveryFilter, page: PageRequest): Page<DeliveryView> {
    const condition = conditionOf(filter);
    const named = filter.eventId !== undefined || filter.deliveryIds !== undefined || filter.eventIds !== undefined;
    const found = named ? this.#direct(condition, page) : this.#ofStatus(filter.status, condition, page);
    return { data: found.data.map((row) => this.#view(row)), nextCursor: found.nextCursor };
  }

  get(id: string): Found<DeliveryView & { history: Attempt[] }> {
    const row = this.#byId(id);
    if (row === null) return { kind: 'missing' };
    const view = this.#view(row);
    const rows = this.#attempts.all(row.seq) as { attempt: string }[];
    const earlier = rows
      .map(({ attempt }) => shownAttempt(attempt, row.seq, this.#contents))
      .filter((attempt) => attempt !== null);
    return { kind: 'found', value: { ...view, history: view.lastAttempt === null ? earlier : [...earlier, view.lastAttempt] } };
  }

  /** Deliveries of an event, oldest first. */
  ofEvent(event: number, first: number, count: number): DeliveryView[] {
    return (this.#ofEvent.all(first, first + count, event) as DeliveryRow[]).map((row) => this.#view(row));
  }

  /** @param rows sequence numbers in any order; those that are gone are left out */
  views(rows: readonly number[]): DeliveryView[] {
    const condition: Condition = { sql: 'd.seq IN (SELECT value FROM json_each(?))', params: [JSON.stringify(rows)] };
    return this.#direct(condition, { cursor: null, limit: rows.length }).data.map((row) => this.#view(row));
  }

  /**
   * Which deliveries a bulk replay would touch: without a status those that are dead or delivered.
   * @param oncePerEvent for a replay to named targets, which would get an event once for each of its deliveries
   */
  match(filter: DeliveryFilter, oncePerEvent: boolean): { matched: number; sample: DeliveryView[] } {
    const rows = this.matchedRows(filter, oncePerEvent);
    return { matched: rows.length, sample: this.views(rows.slice(-SAMPLE_ROWS).map(({ seq }) => seq)) };
  }

  matchedRows(filter: DeliveryFilter, oncePerEvent: boolean): MatchedItem[] {
    const { sql, params } = conditionOf(filter);
    const finished = filter.status === undefined ? "AND d.status IN ('dead', 'delivered')" : '';
    const { bottom, top } = this.#bounds();
    const columns = 'd.seq, d.status, d.event_seq AS event';
    const read = this.#db.prepare(
      `SELECT ${columns} FROM deliveries d WHERE d.seq >= ? AND d.seq < ? AND ${sql} ${finished} ORDER BY d.seq`,
    );
    const matched: MatchedItem[] = [];
    const events = new Set<number>();
    const take = (rows: (MatchedItem & { event: number })[]): void => {
      for (const { seq, status, event } of rows) {
        if (oncePerEvent && events.has(event)) continue;
        if (oncePerEvent) events.add(event);
        matched.push({ seq, status });
      }
    };
    scanAll(top, bottom, (from, below) => read.all(from, below, ...params) as (MatchedItem & { event: number })[], take);
    return matched;
  }

  targetCounts(): TargetCounts[] {
    const targets = new Map<string, TargetCounts>();
    for (const { target, status, count } of this.#counts.all() as CountRow[]) {
      const entry = targets.get(target) ?? { target, counts: {}, oldestDueAt: this.#oldestDue(target), blocked: 0 };
      if (status === 'blocked') entry.blocked = count;
      else entry.counts[status] = count;
      targets.set(target, entry);
    }
    return [...targets.values()];
  }

  #view(row: DeliveryRow): DeliveryView {
    return deliveryView(row, this.#contents);
  }

  #oldestDue(target: string): number | null {
    return (this.#oldest.get(target) as { due_at: number | null }).due_at;
  }

  #count(status: DeliveryStatus): number {
    const row = this.#db.prepare('SELECT coalesce(sum(count), 0) AS count FROM delivery_counts WHERE status = ?').get(status);
    return (row as { count: number }).count;
  }

  #byId(id: string): DeliveryRow | null {
    const parts = parseId('dlv', id);
    if (parts === null) return null;
    const row = this.#db.prepare(`SELECT ${COLUMNS} FROM deliveries d WHERE d.seq = ?`).get(parts.sequence) as
      | DeliveryRow
      | undefined;
    return row?.created_at === parts.time ? row : null;
  }

  #ofStatus(status: DeliveryStatus | undefined, { sql, params }: Condition, page: PageRequest): Page<DeliveryRow> {
    if (status === undefined || !INDEXED.has(status) || this.#count(status) > SORTED_ROWS)
      return this.#scan({ sql, params }, page);
    return this.#direct({ sql: `${sql} AND ${byIndex(status, 'd.')}`, params }, page);
  }

  #direct({ sql, params }: Condition, page: PageRequest): Page<DeliveryRow> {
    const below = readCursor(page.cursor) ?? Number.MAX_SAFE_INTEGER;
    // The unary plus keeps the planner from walking the whole table by its key instead of the condition's index.
    const rows = this.#db
      .prepare(`SELECT ${COLUMNS} FROM deliveries d WHERE +d.seq < ? AND ${sql} ORDER BY +d.seq DESC LIMIT ?`)
      .all(below, ...params, page.limit + 1) as DeliveryRow[];
    const data = rows.slice(0, page.limit);
    return { data, nextCursor: rows.length > page.limit ? writeCursor(data.at(-1)?.seq ?? 0) : null };
  }

  #scan({ sql, params }: Condition, page: PageRequest): Page<DeliveryRow> {
    const { bottom, top } = this.#bounds();
    const read = this.#db.prepare(
      `SELECT ${COLUMNS} FROM deliveries d WHERE d.seq >= ? AND d.seq < ? AND ${sql} ORDER BY d.seq DESC LIMIT ?`,
    );
    return scanPage(page, top, bottom, (from, below, limit) => read.all(from, below, ...params, limit) as DeliveryRow[]);
  }
}
