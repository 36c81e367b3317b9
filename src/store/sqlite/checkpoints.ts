import { type Database, SqliteError } from 'better-sqlite3';

const PAGE_BYTES = 4096;

/**
 * An automatic checkpoint's I/O error is silent, so checkpoints are run here. Every 2 MiB the pages are moved without
 * anybody waiting for a lock (PASSIVE); a commit's fsync does wait for the checkpoint's, which after 16 MiB took 10 to
 * 20 ms and was most of what acknowledgements at 1,000 events/s waited for beyond 10 ms. While writes go on without a pause the log is never empty and so never begins anew:
 * past 48 MiB a RESTART sees to that. It holds the writer for as long as the database takes to sync what was moved last: 1-2 ms
 * at 1,000 events/s, more on a disk that is slow at that moment.
 */
const PASSIVE_PAGES = (2 * 1024 * 1024) / PAGE_BYTES;
const RESTART_PAGES = (48 * 1024 * 1024) / PAGE_BYTES;

/** Pages that are left to a RESTART. */
const REST_PAGES = 64;

const EMPTY_WAIT_MS = 100;

export type CheckpointReport =
  | { kind: 'wal'; walBytes: number }
  | { kind: 'checkpointed'; walBytes: number; ms: number }
  | { kind: 'checkpoint-failed'; code: string; message: string };

interface State {
  busy: number;
  log: number;
  checkpointed: number;
}

/** Moves pages from the write-ahead log into the database. The connection must not wait for locks. */
export class Checkpoints {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Looks at the log and moves pages when there is reason to. */
  tick(): CheckpointReport {
    try {
      const before = this.#run('NOOP');
      const waiting = before.log - before.checkpointed;
      const walBytes = Math.max(before.log, 0) * PAGE_BYTES;
      if (waiting < PASSIVE_PAGES && before.log < RESTART_PAGES) return { kind: 'wal', walBytes };
      if (waiting === 0) return { kind: 'wal', walBytes: 0 }; // all moved: the next write begins the log anew
      return this.#move(before);
    } catch (error) {
      if (error instanceof SqliteError && error.code.startsWith('SQLITE_BUSY')) return { kind: 'wal', walBytes: 0 };
      const code = error instanceof SqliteError ? error.code : 'unknown';
      return { kind: 'checkpoint-failed', code, message: error instanceof Error ? error.message : String(error) };
    }
  }

  /**
   * Moves everything into the database and cuts the log off, so that nothing that was overwritten is left in it. Waits a
   * little for others: the writer between two commits, a reader in its read.
   * @returns false when one of them held on
   */
  empty(): boolean {
    try {
      this.#run('PASSIVE'); // the most part, while nobody has to wait
      this.#db.pragma(`busy_timeout = ${EMPTY_WAIT_MS}`);
      return this.#run('TRUNCATE').busy === 0;
    } catch {
      return false;
    } finally {
      this.#db.pragma('busy_timeout = 0');
    }
  }

  #move(before: State): CheckpointReport {
    const started = performance.now();
    let after = this.#run('PASSIVE');
    if (before.log >= RESTART_PAGES) {
      this.#catchUp();
      // Busy is no failure: the writer is in a transaction, or a reader holds an old snapshot; the next tick tries again.
      after = this.#run('RESTART');
    }
    const moved = after.busy === 0 && after.log === after.checkpointed;
    return { kind: 'checkpointed', walBytes: moved ? 0 : after.log * PAGE_BYTES, ms: performance.now() - started };
  }

  /**
   * What was written while pages were moved is moved as well, until the rest is little, for the writer will wait for it, or
   * does not become less: pages are written as fast as they are moved, and the log would only grow meanwhile.
   */
  #catchUp(): void {
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const { log, checkpointed } = this.#run('NOOP');
      const rest = log - checkpointed;
      if (rest <= REST_PAGES || rest > before / 2) return;
      before = rest;
      this.#run('PASSIVE');
    }
  }

  #run(mode: 'NOOP' | 'PASSIVE' | 'RESTART' | 'TRUNCATE'): State {
    const [state] = this.#db.pragma(`wal_checkpoint(${mode})`) as State[];
    return state ?? { busy: 1, log: 0, checkpointed: 0 };
  }
}
