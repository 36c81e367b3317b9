import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { DedupIndex } from './dedup-index.ts';
import type { DeliveryRows } from './delivery-rows.ts';
import type { Tallies } from './tallies.ts';

/**
 * What `gone` says of an event's row, which stays as long as its key counts. 0: all is there.
 *
 * - `GONE`: content and deliveries went, or somebody deleted the event and its deliveries are not old yet
 * - `BODY_GONE`: its content went, the rest is there
 */
export const GONE = 1;
export const BODY_GONE = 2;

export interface KeptEvent {
  seq: number;
  gone: number;
  received_at: number;
  first_delivery: number;
  delivery_count: number;
  route: string;
  dedup_key: string | null;
  key_expires_at: number | null;
  size: number;
}

export interface KeptDelivery {
  seq: number;
  created_at: number;
  route: string;
  target: string;
  status: DeliveryStatus;
  finished_at: number | null;
  ordering_key: string | null;
}

const EVENT = 'seq, gone, received_at, first_delivery, delivery_count, route, dedup_key, key_expires_at, size';
const DELIVERY = 'seq, created_at, route, target, status, finished_at, ordering_key';

/** The one way by which rows of events, their content and their deliveries leave the tables. */
export class EventRemoval {
  readonly #tallies: Tallies;
  readonly #keys: DedupIndex;
  readonly #rows: DeliveryRows;
  readonly #from: Statement;
  readonly #event: Statement;
  readonly #deliveries: Statement;
  readonly #deleteDelivery: Statement;
  readonly #deleteAttempts: Statement;
  readonly #deleteContent: Statement;
  readonly #blankAttempt: Statement;
  readonly #markGone: Statement;
  readonly #markBodyGone: Statement;
  readonly #markDeleted: Statement;
  readonly #deleteEvent: Statement;

  constructor(db: Database, tallies: Tallies, keys: DedupIndex, rows: DeliveryRows) {
    this.#rows = rows;
    this.#tallies = tallies;
    this.#keys = keys;
    this.#from = db.prepare(`SELECT ${EVENT} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`);
    this.#event = db.prepare(`SELECT ${EVENT} FROM events WHERE seq = ?`);
    this.#deliveries = db.prepare(`SELECT ${DELIVERY} FROM deliveries WHERE seq >= ? AND seq < ?
      UNION ALL SELECT ${DELIVERY} FROM deliveries WHERE event_seq = ? AND replayed = 1`);
    this.#deleteDelivery = db.prepare('DELETE FROM deliveries WHERE seq = ?');
    this.#deleteAttempts = db.prepare('DELETE FROM attempts WHERE delivery_seq = ?');
    this.#deleteContent = db.prepare('DELETE FROM event_content WHERE seq = ?');
    this.#blankAttempt = db.prepare('UPDATE deliveries SET last_attempt = NULL, room = NULL WHERE seq = ?');
    this.#markGone = db.prepare(`UPDATE events SET gone = ${GONE}, delivery_count = 0 WHERE seq = ?`);
    this.#markBodyGone = db.prepare(`UPDATE events SET gone = ${BODY_GONE} WHERE seq = ?`);
    // A checksum of few and known words would tell which they were.
    this.#markDeleted = db.prepare(`UPDATE events SET gone = ${GONE}, head_crc32 = 0, body_sha256 = x'' WHERE seq = ?`);
    this.#deleteEvent = db.prepare('DELETE FROM events WHERE seq = ?');
  }

  /** The events after a number, oldest first. */
  eventsAfter(seq: number, limit: number): KeptEvent[] {
    return this.#from.all(seq, limit) as KeptEvent[];
  }

  event(seq: number): KeptEvent | null {
    return (this.#event.get(seq) as KeptEvent | undefined) ?? null;
  }

  deliveriesOf({ seq, first_delivery: first, delivery_count: count }: KeptEvent): KeptDelivery[] {
    return this.#deliveries.all(first, first + count, seq) as KeptDelivery[];
  }

  /** Its time is over: what is left is its key, for as long as that is known. */
  remove(event: KeptEvent, deliveries: readonly KeptDelivery[], now: number): void {
    for (const { seq, route, target, status, ordering_key: orderingKey } of deliveries) {
      // A dead letter that others wait for must not leave them waiting for ever.
      if (orderingKey !== null) this.#rows.removed({ target, orderingKey, seq }, now);
      this.#deleteAttempts.run(seq);
      this.#deleteDelivery.run(seq);
      this.#tallies.add(route, target, status, -1);
    }
    this.#deleteContent.run(event.seq);
    if (isKeyKnown(event, now)) this.#markGone.run(event.seq);
    else this.#forget(event);
  }

  /** Head and body go, the event and its deliveries stay. */
  removeContent({ seq }: KeptEvent): void {
    this.#deleteContent.run(seq);
    this.#markBodyGone.run(seq);
  }

  /** Everything that came from outside goes; key, counts and what became of its deliveries stay for their time. */
  erase(event: KeptEvent, deliveries: readonly KeptDelivery[]): void {
    for (const { seq } of deliveries) {
      this.#deleteAttempts.run(seq);
      this.#blankAttempt.run(seq);
    }
    this.#deleteContent.run(event.seq);
    this.#markDeleted.run(event.seq);
  }

  #forget({ seq, route, dedup_key: key }: KeptEvent): void {
    if (key !== null) this.#keys.remove(route, key, seq);
    this.#deleteEvent.run(seq);
  }
}

export function isKeyKnown(event: KeptEvent, now: number): boolean {
  return (event.key_expires_at ?? 0) > now;
}
