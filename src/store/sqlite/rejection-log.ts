import type { NewRejection } from '../../domain/event.ts';
import type { GroupCommit } from './group-commit.ts';
import type { StorageHealth } from './health.ts';

/** Refusals wait so long for company: each commit is an fsync that accepted events should have. */
const GATHER_MS = 250;
const MOST_WAITING = 200;

/** Keeps refusals, without anybody waiting for it. Past 200 in a quarter of a second the rest are only counted. */
export class SqliteRejectionLog {
  readonly #commits: GroupCommit;
  readonly #health: StorageHealth;
  #waiting: NewRejection[] = [];

  constructor(commits: GroupCommit, health: StorageHealth) {
    this.#commits = commits;
    this.#health = health;
  }

  record(rejection: NewRejection): void {
    if (this.#health.refusal !== null || this.#waiting.length >= MOST_WAITING) return;
    if (this.#waiting.length === 0) setTimeout(() => void this.flush(), GATHER_MS).unref();
    this.#waiting.push(rejection);
  }

  /** Resolves when they are kept, or lost because the store takes nothing: a refusal is never worth a failure. */
  async flush(): Promise<void> {
    const rejections = this.#waiting.splice(0);
    if (rejections.length === 0) return;
    await this.#commits.command({ kind: 'reject', rejections }).catch(() => undefined);
  }
}
