import type { Database, Statement } from 'better-sqlite3';
import type { NewRejection } from '../../domain/event.ts';
import type { Contents } from './contents.ts';
import { storedRejection } from './rejection-content.ts';
import type { Tallies } from './tallies.ts';

/** However many are refused, no more than this many rows are kept: a flood must not fill the disk (about 4 KiB each). */
const MOST_ROWS = 10_000;

/** Keeps refusals for a while. Runs inside the batch's transaction. */
export class Rejections {
  readonly #tallies: Tallies;
  readonly #contents: Contents;
  readonly #insert: Statement;
  readonly #trim: Statement;

  constructor(db: Database, tallies: Tallies, contents: Contents) {
    this.#contents = contents;
    this.#tallies = tallies;
    this.#insert = db.prepare('INSERT INTO rejections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#trim = db.prepare('DELETE FROM rejections WHERE seq <= ?');
  }

  record(rejections: readonly NewRejection[]): void {
    for (const rejection of rejections) {
      const seq = this.#tallies.take('rejection');
      const { at, route, reason, status } = rejection;
      const { explanation, peer, headers, bodyStart } = storedRejection(rejection, seq, this.#contents);
      this.#insert.run(seq, at, route, reason, explanation, peer, status, headers, bodyStart);
    }
    this.#trim.run(this.#tallies.peek('rejection') - 1 - MOST_ROWS);
  }
}
