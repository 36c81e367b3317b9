import { hash } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { HeaderList } from '../../domain/event.ts';
import { parseId } from '../../domain/ids.ts';
import type { EventFilter, FeedRequest, Found, Page, PageRequest, SearchRequest } from '../../domain/listing.ts';
import { BodySearch } from './body-search.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { bodyGone, damaged, keyMissing } from './content-errors.ts';
import type { Contents, Opened } from './contents.ts';
import { byIndex, INDEXED } from './delivery-filter.ts';
import { BODY_GONE, GONE } from './event-removal.ts';
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
export type EventSummary = EventView & { statuses: Statuses };

type EventDetail = EventView & { headers: HeaderList; deliveries: DeliveryView[] };
export type EventWithBody = EventDetail & { body: Uint8Array };

const COLUMNS = `e.seq, e.received_at, e.route, e.type, e.dedup_key, e.duplicates, e.conflicts, e.gone, e.first_delivery, e.delivery_count,
  e.size, e.head_crc32, e.body_sha256, (SELECT head FROM event_content c WHERE c.seq = e.seq) AS head`;

/** Deliveries of the event `e`, made with it or by a replay. */
const HAS_STATUS = (status: DeliveryStatus): string => `(EXISTS (SELECT 1 FROM deliveries d
    WHERE d.seq >= e.first_delivery AND d.seq < e.first_delivery + e.delivery_count AND d.status = '${status}')
  OR EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = e.seq AND d.replayed = 1 AND d.status = '${status}'))`;

const LISTED_EVENTS = 20_000;
/** Sequence numbers that one step of a search goes through at most. */
const SEARCHED_WINDOW = 20_000;

/** Reads of events. Every call is bounded. */
export class EventHistory {
  readonly #db: Database;
  readonly #deliveries: DeliveryHistory;
  readonly #contents: Contents;
  readonly #bounds: () => Bounds;
  readonly #content: Statement;
  readonly #positions: FeedPositions;
  readonly #search: BodySearch;
  readonly #bySeq: Statement;

  constructor(db: Database, deliveries: DeliveryHistory, contents: Contents) {
    this.#db = db;
    this.#contents = contents;
    this.#deliveries = deliveries;
    this.#positions = new FeedPositions(db);
    this.#search = new BodySearch(db);
    this.#bounds = boundsOf(db, 'events');
    this.#content = db.prepare('SELECT head, body FROM event_content WHERE seq = ?');
    this.#bySeq = db.prepare(`SELECT ${COLUMNS} FROM events e WHERE e.seq = ?`);
  }

  list(filter: EventFilter, page: PageRequest): Page<EventSummary> {
    const { sql, params } = this.#conditionOf(filter);
    const { bottom, top } = this.#bounds();
    const read = this.#db.prepare(
      `SELECT ${COLUMNS} FROM events e WHERE e.seq >= ? AND e.seq < ? AND ${sql} ORDER BY e.seq DESC LIMIT ?`,
    );
    const found = scanPage(page, top, bottom, (from, below, limit) => read.all(from, below, ...params, limit) as EventRow[]);
    return {
      data: found.data.map((row) => this.#summary(row)),
      nextCursor: found.nextCursor,
    };
  }

  /** The next events after a place in the sequence, oldest first, and the place to go on from. */
  feed({ start, filter, limit, withContent }: FeedRequest): { events: FedEvent[]; position: string; more: boolean } {
    const { bottom, top: above } = this.#bounds();
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
    const { bottom, top } = this.#bounds();
    const below = Math.min(readCursor(cursor) ?? top, top);
    const from = Math.max(bottom, below - SEARCHED_WINDOW);
    const rows = this.#db
      .prepare(`SELECT ${COLUMNS} FROM events e WHERE e.seq >= ? AND e.seq < ? AND ${sql} ORDER BY e.seq DESC`)
      .iterate(from, below, ...params) as IterableIterator<EventRow>;
    const { found, scanned, last, isOver } = this.#search.step(body, rows);
    const reached = isOver ? from : (last?.seq ?? from);
    return {
      found: found.map((row) => this.#summary(row)),
      scanned,
      reachedAt: last?.received_at ?? null,
      nextCursor: reached > bottom ? writeCursor(reached) : null,
    };
  }

  get(id: string): Found<EventDetail> {
    const found = this.#byId(id);
    if (found.kind !== 'found') return found;
    const row = found.value;
    const deliveries = this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count);
    if (row.gone === BODY_GONE) return { kind: 'found', value: { ...eventView(row, this.#contents), headers: [], deliveries } };
    const content = this.#open(row);
    if (content.kind === 'damaged') throw damaged();
    // Its deliveries say why: they are held for the key.
    if (content.kind === 'key-missing')
      return { kind: 'found', value: { ...eventView(row, this.#contents), headers: [], deliveries } };
    const head = parseHead(content.head);
    const sha256 = hash('sha256', content.body, 'hex');
    const view = { ...eventView(row, this.#contents, head), sha256, headers: head.headers, deliveries };
    return { kind: 'found', value: view };
  }

  /** @throws HookbayError `body_gone`, and `event_damaged` when the bytes are not those that were accepted */
  body(id: string): Found<{ contentType: string | null; body: Uint8Array }> {
    const found = this.#byId(id);
    if (found.kind !== 'found') return found;
    if (found.value.gone === BODY_GONE) throw bodyGone(id);
    const { head, body } = this.#wholeContent(found.value);
    return { kind: 'found', value: { contentType: parseHead(head).contentType, body } };
  }

  /** @returns null when the event or its body is gone, or cannot be read */
  withBody(seq: number): EventWithBody | null {
    const row = this.#bySeq.get(seq) as EventRow | undefined;
    if (row === undefined || row.gone !== 0) return null;
    const content = this.#open(row);
    if (content.kind !== 'whole') return null;
    const deliveries = this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count);
    const head = parseHead(content.head);
    const sha256 = hash('sha256', content.body, 'hex');
    return { ...eventView(row, this.#contents, head), sha256, headers: head.headers, deliveries, body: content.body };
  }

  /** Route and type of an event that has not been deleted. */
  routeOf(id: string): Found<{ seq: number; route: string; type: string | null }> {
    const found = this.#byId(id);
    if (found.kind !== 'found') return found;
    const { seq, route, type } = found.value;
    return { kind: 'found', value: { seq, route, type } };
  }

  #fed(row: EventRow, withContent: boolean): FedEvent {
    const deliveries = this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count);
    return { ...eventView(row, this.#contents), deliveries, content: withContent ? this.#contentOrNull(row) : null };
  }

  /** One that cannot be read must not end a stream. */
  #contentOrNull(row: EventRow): FedEvent['content'] {
    const content = this.#open(row);
    return content.kind === 'whole' ? { headers: parseHead(content.head).headers, body: content.body } : null;
  }

  numberOf(id: string): Found<number> {
    const found = this.#byId(id);
    return found.kind === 'found' ? { kind: 'found', value: found.value.seq } : found;
  }

  /** As in lists; those that are gone are left out. */
  views(events: readonly number[]): EventSummary[] {
    const rows = events.map((seq) => this.#bySeq.get(seq) as EventRow | undefined);
    return rows.filter((row) => row !== undefined && row.gone !== GONE).map((row) => this.#summary(row as EventRow));
  }

  /** @returns null when it is not there, or not what was accepted */
  bodyOf(seq: number): Buffer | null {
    const row = this.#bySeq.get(seq) as EventRow | undefined;
    try {
      return row === undefined ? null : this.#wholeContent(row).body;
    } catch {
      return null;
    }
  }

  #summary(row: EventRow): EventSummary {
    return { ...eventView(row, this.#contents), statuses: this.#statuses(row) };
  }

  #byId(id: string): Found<EventRow> {
    const parts = parseId('evt', id);
    if (parts === null) return { kind: 'missing' };
    const row = this.#bySeq.get(parts.sequence) as EventRow | undefined;
    // A number that was given and has no row any more belonged to an event whose time was over.
    if (row === undefined) return { kind: parts.sequence < nextNumber(this.#db, 'event') ? 'gone' : 'missing' };
    if (row.received_at !== parts.time) return { kind: 'missing' };
    return row.gone === GONE ? { kind: 'gone' } : { kind: 'found', value: row };
  }

  /** @throws HookbayError `event_damaged`, `key_missing` */
  #wholeContent(row: EventRow): { head: Buffer; body: Buffer } {
    const content = this.#open(row);
    switch (content.kind) {
      case 'whole':
        return content;
      case 'damaged':
        throw damaged();
      case 'key-missing':
        throw keyMissing(content.keyId);
      default:
        return content satisfies never;
    }
  }

  #open(row: EventRow): Opened {
    const content = this.#content.get(row.seq) as { head: Buffer; body: Buffer } | undefined;
    return content === undefined ? { kind: 'damaged' } : this.#contents.open({ ...row, ...content });
  }

  #statuses(row: EventRow): Statuses {
    const statuses: Statuses = {};
    for (const { status } of this.#deliveries.ofEvent(row.seq, row.first_delivery, row.delivery_count)) {
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    return statuses;
  }

  #conditionOf(filter: EventFilter): { sql: string; params: (string | number)[] } {
    const terms = [`e.gone <> ${GONE}`];
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
      else add(...this.#textTerm(filter.q));
    }
    return { sql: terms.join(' AND '), params };
  }

  /** Of encrypted dedup keys only whole ones are found. */
  #textTerm(q: string): [string, ...string[]] {
    const keyed = this.#contents.keyedForms(q);
    const whole = keyed.length === 0 ? '' : ' OR e.dedup_key IN (SELECT value FROM json_each(?))';
    const term = `(instr(e.dedup_key, ?) > 0 OR instr(e.type, ?) > 0${whole})`;
    return [term, q, q, ...(keyed.length === 0 ? [] : [JSON.stringify(keyed)])];
  }

  #statusTerm(status: DeliveryStatus): [string, ...string[]] {
    if (INDEXED.has(status)) {
      const events = this.#db
        .prepare(`SELECT event_seq FROM deliveries WHERE ${byIndex(status)} LIMIT ?`)
        .pluck()
        .all(LISTED_EVENTS + 1);
      if (events.length <= LISTED_EVENTS) return ['e.seq IN (SELECT value FROM json_each(?))', JSON.stringify(events)];
    }
    return [HAS_STATUS(status)];
  }
}
