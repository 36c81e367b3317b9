import type { Database, Statement } from 'better-sqlite3';

export interface LearnedRow {
  route: string;
  secret: string;
  /** Wall ms. */
  learnedAt: number;
}

/** The secrets that senders have handed over. Runs inside the batch's transaction. */
export class LearnedSecrets {
  readonly #insert: Statement;
  readonly #forget: Statement;

  constructor(db: Database) {
    this.#insert = db.prepare(
      'INSERT INTO learned_secrets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET learned_at = excluded.learned_at',
    );
    this.#forget = db.prepare('DELETE FROM learned_secrets WHERE route = ?');
  }

  learn({ route, secret, learnedAt }: LearnedRow): void {
    this.#insert.run(route, secret, learnedAt);
  }

  forget(route: string): void {
    this.#forget.run(route);
  }
}

/** All of them, oldest first: there are few, each let in by an operator. */
export function learnedSecrets(db: Database): LearnedRow[] {
  return db
    .prepare('SELECT route, secret, learned_at AS learnedAt FROM learned_secrets ORDER BY learned_at')
    .all() as LearnedRow[];
}
