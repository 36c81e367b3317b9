import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { HookbayError } from '../../domain/errors.ts';
import type { HeaderList } from '../../domain/event.ts';
import { parseId } from '../../domain/ids.ts';
import type { EventFilter, FeedRequest, Found, Page, PageRequest, SearchRequest } from '../../domain/listing.ts';
import { BodySearch } from './body-search.ts';
import { isWhole } from './content.ts';
import { parseHead } from './head.ts';
import type { DeliveryHistory } from './history-deliveries.ts';
import { FeedPositions } from './history-feed.ts';
import { readCursor, scanOn, scanPage, writeCursor } from './scan.ts';
import { nextNumber } from './tallies.ts';
import { type DeliveryView, type EventRow, type EventView, eventView } from './views.ts';

/** An event as the stream tells it. Null content: it was not asked for, or what is stored is damaged. */
export type FedEvent = EventView & {
  deliveries: DeliveryView[];
  content: { headers: readonly (readonly [string, string])[]; body: Uint8Array } | null;
};

type Statuses = Partial<Record<DeliveryStatus, number>>;

type EventDetail = EventView & { headers: HeaderList; deliveries: DeliveryView[] };
export type EventWithBody = EventDetail & { body: Uint8Array };

const COLUMNS = `e.seq, e.received_at, e.route, e.type, e.dedup_key, e.duplicates, e.conflicts, e.gone, e.first_delivery, e.delivery_count,
  e.size, e.head_crc32, e.body_sha256, (SELECT head FROM event_content c WHERE c.seq = e.seq) AS head`;

/** Deliveries of the event `e`, made with it or by a replay. */
const HAS_STATUS = (status: DeliveryStatus): string => `(EXISTS (SELECT 1 FROM deliveries d
    WHERE d.seq >= e.first_delivery AND d.seq < e.first_delivery + e.delivery_count AND d.status = '${status}')
  OR EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = e.seq AND d.replayed = 1 AND d.status = '${status}'))`;

/** Statuses with an index: their events are found from it as long as they are few. */
const INDEXED: ReadonlySet<DeliveryStatus> = new Set(['pending', 'dead', 'held']);
const LISTED_EVENTS = 20_000;
/** Sequence numbers that one step of a search goes through at most. */
const SEARCHED_WINDOW = 20_000;

/** Reads of events. Every call is bounded. */
export class EventHistory {
  readonly #db: Database;
  readonly #deliveries: DeliveryHistory;
  readonly #bounds: Statement;
  readonly #content: Statement;
  readonly #positions: FeedPositions;
  readonly #search: BodySearch;

  constructor(db: Database, deliveries: DeliveryHistory) {
    this.#db = db;
    this.#deliveries = deliveries;
    this.#positions = new FeedPositions(db);
    this.#search = new BodySearch(db);
    this.#bounds = db.prepare(
      'SELECT coalesce((SELECT min(seq) FROM events), 1) AS bottom, coalesce((SELECT max(seq) FROM events), 0) + 1 AS top',
    );
    this.#content = db.prepare('SELECT head, body FROM event_content WHERE seq = ?');
  }

  list(filter: EventFilter, page: PageRequest): Page<EventView & { statuses: Statuses }> {
    const { sql, params } = this.#conditionOf(filter);
    const { bottom, top } = this.#bounds.get() as { bottom: number; top: number };
    const read = this.#db.prepare(
      `SELECT ${COLUMNS} FROM events e WHERE e.seq >= ? AND e.seq < ? AND ${sql} ORDER BY e.seq DESC LIMIT ?`,
    );
    const found = scanPage(page, top, bottom, (from, below, limit) => read.all(from, below, ...params, limit) as EventRow[]);
    return {
      data: found.data.map((row) => ({ ...eventView(row), statuses: this.#statuses(row) })),
      nextCursor: found.nextCursor,
    };
  }

  /** The next events after a place in the sequence, oldest first, and the place to go on from. */
  feed({ start, filter, limit, withContent }: FeedRequest): { events: FedEvent[]; position: string; more: boolean } {
    const { bottom, top: above } = this.#bounds.get() as { bottom: number; top: number };
    const top = above - 1;
    const begin = this.#positions.resolve(start, bottom, top);
    const { sql, params } = this.#conditionOf(begin.from === null ? filter : { ...filter, from: begin.from });
    const read = this.#db.prepare(
      `SELECT ${COLUMNS} FROM events e WHERE e.seq > ? AND e.seq <= ? AND ${sql} ORDER BY e.seq LIMIT ?`,
    );
    const found = scanOn(begin.above, top, limit, (from, upTo, most) => read.all(from, upTo, ...params, most) as EventRow[]);
    return {
      events: found.rows.map((row) => this.#fed(row, withContent)),
      position: this.#positions.idAt(found.position),
      more: found.position < top,
    };
  }

  /** One step of a search through bodies, newest first; to be called again with its cursor until that is null. */
  search({ filter, body, cursor }: SearchRequest): {
    found: (EventView & { statuses: Statuses })[];
    scanned: number;
    /** Wall ms of the last event that was looked at, or null. */
    reachedAt: number | null;
    nextCursor: string | null;
  } {
    const { sql, params } = this.#conditionOf(filter);
    const { bottom, top } = this.#bounds.get() as { bottom: number; top: number };
    const below = Math.min(readCursor(cursor) ?? top, top);
    const from = Math.max(bottom, below - SEARCHED_WINDOW);
    const rows = this.#db
      .prepare(`SELECT ${COLUMNS} FROM events e WHERE e.seq >= ? AND e.seq < ? AND ${sql} ORDER BY e.seq DESC`)
      .iterate(from, below, ...params) as IterableIterator<EventRow>;
    const { found, scanned, last, isOver } = this.#search.step(body, rows);
    const reached = isOver ? from : (last?.seq ?? from);
    return {
      found: found.map((row) => ({ ...eventView(row), statuses: this.#statuses(row) })),
      scanned,
      reachedAt: last?.received_at ?? null,
      nextCursor: reached > bottom ? writeCursor(reached) : null,
    };
  }

  get(id: string): Found<EventDetail> {
    const found = this.#byId(id);
    if (found.kind !== 'found') return found;
    const row = found.value;
    const { head } = this.#wholeContent(row);
    const deliveries = this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count);
    return { kind: 'found', value: { ...eventView(row), headers: parseHead(head).headers, deliveries } };
  }

  /** @throws HookbayError `event_damaged` when the bytes are not those that were accepted */
  body(id: string): Found<{ contentType: string | null; body: Uint8Array }> {
    const found = this.#byId(id);
    if (found.kind !== 'found') return found;
    const { head, body } = this.#wholeContent(found.value);
    return { kind: 'found', value: { contentType: parseHead(head).contentType, body } };
  }

  /** @returns null when the event is gone, or not what was accepted */
  withBody(seq: number): EventWithBody | null {
    const row = this.#db.prepare(`SELECT ${COLUMNS} FROM events e WHERE e.seq = ?`).get(seq) as EventRow | undefined;
    if (row === undefined || row.gone === 1) return null;
    try {
      const { head, body } = this.#wholeContent(row);
      const deliveries = this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count);
      return { ...eventView(row), headers: parseHead(head).headers, deliveries, body };
    } catch (error) {
      if (error instanceof HookbayError && error.code === 'event_damaged') return null;
      throw error;
    }
  }

  /** Route and type of an event that still has its content. */
  routeOf(id: string): Found<{ seq: number; route: string; type: string | null }> {
    const found = this.#byId(id);
    if (found.kind !== 'found') return found;
    const { seq, route, type } = found.value;
    return { kind: 'found', value: { seq, route, type } };
  }

  #fed(row: EventRow, withContent: boolean): FedEvent {
    const deliveries = this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count);
    return { ...eventView(row), deliveries, content: withContent ? this.#contentOrNull(row) : null };
  }

  /** One damaged event must not end a stream. */
  #contentOrNull(row: EventRow): FedEvent['content'] {
    try {
      const { head, body } = this.#wholeContent(row);
      return { headers: parseHead(head).headers, body };
    } catch (error) {
      if (error instanceof HookbayError && error.code === 'event_damaged') return null;
      throw error;
    }
  }

  #byId(id: string): Found<EventRow> {
    const parts = parseId('evt', id);
    if (parts === null) return { kind: 'missing' };
    const row = this.#db.prepare(`SELECT ${COLUMNS} FROM events e WHERE e.seq = ?`).get(parts.sequence) as EventRow | undefined;
    // A number that was given and has no row any more belonged to an event whose time was over.
    if (row === undefined) return { kind: parts.sequence < nextNumber(this.#db, 'event') ? 'gone' : 'missing' };
    if (row.received_at !== parts.time) return { kind: 'missing' };
    return row.gone === 1 ? { kind: 'gone' } : { kind: 'found', value: row };
  }

  #wholeContent(row: EventRow): { head: Buffer; body: Buffer } {
    const content = this.#content.get(row.seq) as { head: Buffer; body: Buffer } | undefined;
    if (content !== undefined && isWhole(content.head, content.body, row)) return content;
    throw new HookbayError({
      code: 'event_damaged',
      status: 500,
      message: 'What is stored of this event is not what was accepted',
      hint: 'The file was damaged below the relay. Ask the provider to send the event again, and check the disk.',
    });
  }

  #statuses(row: EventRow): Statuses {
    const statuses: Statuses = {};
    for (const { status } of this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count)) {
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    return statuses;
  }

  #conditionOf(filter: EventFilter): { sql: string; params: (string | number)[] } {
    const terms = ['e.gone = 0'];
    const params: (string | number)[] = [];
    const add = (term: string, ...values: (string | number)[]): void => {
      terms.push(term);
      params.push(...values);
    };
    if (filter.route !== undefined) add('e.route = ?', filter.route);
    if (filter.type !== undefined) add('e.type = ?', filter.type);
    if (filter.from !== undefined) add('e.received_at >= ?', filter.from);
    if (filter.to !== undefined) add('e.received_at < ?', filter.to);
    if (filter.status !== undefined) add(...this.#statusTerm(filter.status));
    if (filter.q !== undefined && filter.q !== '') {
      const id = parseId('evt', filter.q);
      if (id !== null) add('e.seq = ? AND e.received_at = ?', id.sequence, id.time);
      else add('(instr(e.dedup_key, ?) > 0 OR instr(e.type, ?) > 0)', filter.q, filter.q);
    }
    return { sql: terms.join(' AND '), params };
  }

  #statusTerm(status: DeliveryStatus): [string, ...string[]] {
    if (INDEXED.has(status)) {
      const events = this.#db
        .prepare(`SELECT event_seq FROM deliveries WHERE status = '${status}' LIMIT ?`)
        .pluck()
        .all(LISTED_EVENTS + 1);
      if (events.length <= LISTED_EVENTS) return ['e.seq IN (SELECT value FROM json_each(?))', JSON.stringify(events)];
    }
    return [HAS_STATUS(status)];
  }
}
