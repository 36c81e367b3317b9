import type { Database, Statement } from 'better-sqlite3';
import type { CommandResult } from './protocol.ts';
import type { IdempotencyMark, OnceResult } from './task-protocol.ts';

/** How long a key stands for its request, ms. */
export const KEY_AGE_MS = 24 * 3_600_000;

/** Keys that one new key removes at most, so that a burst of old ones holds nobody up. */
const REMOVED_AT_ONCE = 100;

/** What was done under a key, and when (wall ms). */
export interface RememberedRow {
  body_sha256: string;
  created_at: number;
  result: string;
}

export const FIND_KEY =
  'SELECT body_sha256, created_at, result FROM idempotency_keys WHERE scope = ? AND key = ? AND created_at > ?';

/** Does the work of a request once for each idempotency key, in the transaction of the work. */
export class IdempotencyKeys {
  readonly #find: Statement;
  readonly #keep: Statement;
  readonly #forgetOld: Statement;

  constructor(db: Database) {
    this.#find = db.prepare(FIND_KEY);
    this.#keep = db.prepare('INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?, ?)');
    this.#forgetOld = db.prepare(
      'DELETE FROM idempotency_keys WHERE (scope, key) IN (SELECT scope, key FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?)',
    );
  }

  /** @param work is not done when the key is known; what it refuses is not remembered */
  run(mark: IdempotencyMark | null, now: number, work: () => CommandResult): CommandResult {
    if (mark === null) return work();
    const known = this.#find.get(mark.scope, mark.key, now - KEY_AGE_MS) as RememberedRow | undefined;
    if (known !== undefined) {
      if (known.body_sha256 !== mark.bodySha256) return { kind: 'mismatch' };
      return { kind: 'remembered', result: JSON.parse(known.result) as OnceResult, at: known.created_at };
    }
    const result = work();
    if (result.kind !== 'task' && result.kind !== 'replayed') return result;
    this.#forgetOld.run(now - KEY_AGE_MS, REMOVED_AT_ONCE);
    this.#keep.run(mark.scope, mark.key, mark.bodySha256, now, JSON.stringify(result satisfies OnceResult));
    return result;
  }
}
