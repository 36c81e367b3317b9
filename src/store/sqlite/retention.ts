import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import type { DedupIndex } from './dedup-index.ts';
import type { CommandResult } from './protocol.ts';
import type { Tallies } from './tallies.ts';

/** A step stays near this, because appends wait for it: 100 rows took 1.1 ms, 1,000 rows 10 ms, 5,000 rows 137 ms. */
const STEP_MS = 3;
const LEAST_ROWS = 10;
const MOST_ROWS = 400;
/** Pages given back to the file system a step. */
const VACUUM_PAGES = 64;

interface EventRow {
  seq: number;
  gone: number;
  received_at: number;
  first_delivery: number;
  delivery_count: number;
  route: string;
  dedup_key: string | null;
  key_expires_at: number | null;
}

interface DeliveryRow {
  seq: number;
  route: string;
  target: string;
  status: DeliveryStatus;
  finished_at: number | null;
}

export interface RetentionLimits {
  /** Wall ms: what was finished before is old. */
  deliveredBefore: number;
  deadBefore: number;
  rejectionsBefore: number;
}

/**
 * Removes what is old, oldest first, in small steps. An event goes when all its deliveries are old; its row stays
 * as long as its dedup key is known. Anything pending or held stays.
 */
export class Retention {
  readonly #db: Database;
  readonly #tallies: Tallies;
  readonly #keys: DedupIndex;
  readonly #events: Statement;
  readonly #deliveries: Statement;
  readonly #deleteDelivery: Statement;
  readonly #deleteAttempts: Statement;
  readonly #deleteContent: Statement;
  readonly #markGone: Statement;
  readonly #deleteEvent: Statement;
  readonly #deleteRejections: Statement;
  #position = 0;
  #rows = 100;

  constructor(db: Database, tallies: Tallies, keys: DedupIndex) {
    this.#keys = keys;
    this.#db = db;
    this.#tallies = tallies;
    this.#events =
      db.prepare(`SELECT seq, gone, received_at, first_delivery, delivery_count, route, dedup_key, key_expires_at FROM events
      WHERE seq > ? ORDER BY seq LIMIT ?`);
    this.#deliveries = db.prepare(`SELECT seq, route, target, status, finished_at FROM deliveries WHERE seq >= ? AND seq < ?
      UNION ALL SELECT seq, route, target, status, finished_at FROM deliveries WHERE event_seq = ? AND replayed = 1`);
    this.#deleteDelivery = db.prepare('DELETE FROM deliveries WHERE seq = ?');
    this.#deleteAttempts = db.prepare('DELETE FROM attempts WHERE delivery_seq = ?');
    this.#deleteContent = db.prepare('DELETE FROM event_content WHERE seq = ?');
    this.#markGone = db.prepare('UPDATE events SET gone = 1, delivery_count = 0 WHERE seq = ?');
    this.#deleteEvent = db.prepare('DELETE FROM events WHERE seq = ?');
    this.#deleteRejections = db.prepare(
      'DELETE FROM rejections WHERE seq IN (SELECT seq FROM rejections WHERE at < ? ORDER BY seq LIMIT ?)',
    );
  }

  /**
   * One step of a sweep over the events.
   * @param restart begin a new sweep at the oldest event
   */
  step(limits: RetentionLimits, now: number, restart: boolean): CommandResult {
    if (restart) this.#position = 0;
    const started = performance.now();
    const newest = Math.max(limits.deliveredBefore, limits.deadBefore);
    const events = this.#events.all(this.#position, this.#rows) as EventRow[];
    // Events lie in the order in which they came: after a step of young ones only younger ones follow.
    const old = events.filter((event) => event.received_at < newest);
    let removed = 0;
    for (const event of old) removed += this.#consider(event, limits, now);
    removed += this.#deleteRejections.run(limits.rejectionsBefore, this.#rows).changes;
    const finished = (events.length < this.#rows || old.length === 0) && removed < this.#rows;
    this.#position = events.at(-1)?.seq ?? this.#position;
    if (removed > 0) this.#tallies.saveNumbers();
    if (removed > 0 || finished) this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    const ms = performance.now() - started;
    this.#rows = Math.round(
      Math.min(Math.max((this.#rows * STEP_MS) / Math.max(ms, 0.1), LEAST_ROWS), MOST_ROWS, this.#rows * 2),
    );
    return { kind: 'retained', removed, scanned: events.length, finished };
  }

  #consider(event: EventRow, limits: RetentionLimits, now: number): number {
    const keyKnown = (event.key_expires_at ?? 0) > now;
    if (event.gone === 1) return keyKnown ? 0 : this.#forget(event);
    const first = event.first_delivery;
    const deliveries = this.#deliveries.all(first, first + event.delivery_count, event.seq) as DeliveryRow[];
    if (!deliveries.every((delivery) => isOld(delivery, limits))) return 0;
    for (const { seq, route, target, status } of deliveries) {
      this.#deleteAttempts.run(seq);
      this.#deleteDelivery.run(seq);
      this.#tallies.add(route, target, status, -1);
    }
    this.#deleteContent.run(event.seq);
    if (keyKnown) this.#markGone.run(event.seq);
    else this.#forget(event);
    return 1;
  }

  #forget({ seq, route, dedup_key: key }: EventRow): number {
    if (key !== null) this.#keys.remove(route, key, seq);
    return this.#deleteEvent.run(seq).changes;
  }
}

function isOld({ status, finished_at: finishedAt }: DeliveryRow, limits: RetentionLimits): boolean {
  if (finishedAt === null) return false;
  switch (status) {
    case 'delivered':
    case 'filtered':
    case 'cancelled':
      return finishedAt < limits.deliveredBefore;
    case 'dead':
      return finishedAt < limits.deadBefore;
    case 'pending':
    case 'held':
      return false;
    default:
      return status satisfies never;
  }
}
