import type { Database, Statement } from 'better-sqlite3';
import { formatId, parseId } from '../../domain/ids.ts';
import type { FeedStart } from '../../domain/listing.ts';

/** Requests are stored in the order in which they are committed, which is not quite that in which they were received. */
const LATEST_COMMIT_MS = 60_000;

/** Finds places in the sequence of events, which is the order in which they were committed. */
export class FeedPositions {
  readonly #at: Statement;
  readonly #next: Statement;
  readonly #last: Statement;

  constructor(db: Database) {
    this.#at = db.prepare('SELECT received_at FROM events WHERE seq = ?').pluck();
    this.#next = db.prepare('SELECT received_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1').pluck();
    this.#last = db.prepare('SELECT seq, received_at FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1');
  }

  /**
   * The sequence number after which to begin, and the time before which nothing is wanted.
   * @param bottom the oldest number
   * @param top the newest one
   */
  resolve(start: FeedStart, bottom: number, top: number): { above: number; from: number | null } {
    switch (start.kind) {
      case 'now':
        return { above: top, from: null };
      case 'from':
        return { above: this.#before(start.time - LATEST_COMMIT_MS, bottom, top), from: start.time };
      case 'after': {
        const parts = parseId('evt', start.eventId);
        if (parts === null) return { above: top, from: null };
        const stored = this.#at.get(parts.sequence) as number | undefined;
        const isHere = stored === undefined ? parts.sequence <= top : stored === parts.time;
        if (isHere) return { above: parts.sequence, from: null };
        // The number means another event here: an older copy of the database took the place of the one that was read.
        return this.resolve({ kind: 'from', time: parts.time }, bottom, top);
      }
      default:
        return start satisfies never;
    }
  }

  /** A position as an id, which is never given to another event. */
  idAt(position: number): string {
    const row = this.#last.get(position) as { seq: number; received_at: number } | undefined;
    return row === undefined ? formatId('evt', 0, 0) : formatId('evt', row.received_at, row.seq);
  }

  /** By halving: times rise with the numbers, but for moments. */
  #before(time: number, bottom: number, top: number): number {
    let low = bottom;
    let high = top + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const receivedAt = this.#next.get(middle) as number | undefined;
      if (receivedAt !== undefined && receivedAt < time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
