import type { Database, Statement } from 'better-sqlite3';
import type { Contents } from './contents.ts';

export interface LearnedRow {
  route: string;
  secret: string;
  /** Wall ms. */
  learnedAt: number;
}

/** The secrets that senders have handed over. Runs inside the batch's transaction. */
export class LearnedSecrets {
  readonly #insert: Statement;
  readonly #ofRoute: Statement;
  readonly #delete: Statement;
  readonly #forget: Statement;
  readonly #contents: Contents;

  constructor(db: Database, contents: Contents) {
    this.#contents = contents;
    this.#ofRoute = db.prepare('SELECT secret FROM learned_secrets WHERE route = ?').pluck();
    this.#delete = db.prepare('DELETE FROM learned_secrets WHERE route = ? AND secret = ?');
    this.#insert = db.prepare(
      'INSERT INTO learned_secrets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET learned_at = excluded.learned_at',
    );
    this.#forget = db.prepare('DELETE FROM learned_secrets WHERE route = ?');
  }

  learn({ route, secret, learnedAt }: LearnedRow): void {
    // Encrypted, the same secret looks different each time.
    for (const stored of this.#ofRoute.all(route) as string[]) {
      if (this.#contents.openText(secretPlace(route), stored) === secret) this.#delete.run(route, stored);
    }
    this.#insert.run(route, this.#contents.storeText(secretPlace(route), secret), learnedAt);
  }

  forget(route: string): void {
    this.#forget.run(route);
  }
}

/** All of them that can be read, oldest first: there are few, each let in by an operator. */
export function learnedSecrets(db: Database, contents: Contents): LearnedRow[] {
  const read = db.prepare('SELECT route, secret, learned_at AS learnedAt FROM learned_secrets ORDER BY learned_at');
  return (read.all() as LearnedRow[]).flatMap(({ route, secret: stored, learnedAt }) => {
    const secret = contents.openText(secretPlace(route), stored);
    return secret === null ? [] : [{ route, secret, learnedAt }];
  });
}

const secretPlace = (route: string): string => `secret:${route}`;
