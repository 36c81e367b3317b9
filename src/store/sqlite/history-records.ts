import type { Database } from 'better-sqlite3';
import { parseId } from '../../domain/ids.ts';
import type { Found, Page, PageRequest, RejectionFilter } from '../../domain/listing.ts';
import { boundsOf } from './bounds.ts';
import type { Contents } from './contents.ts';
import { FIND_KEY, type RememberedRow } from './idempotency.ts';
import { scanPage } from './scan.ts';
import {
  type AuditRow,
  type AuditView,
  auditView,
  type RejectionRow,
  type RejectionView,
  rejectionView,
  type TaskRow,
  type TaskView,
  taskView,
} from './views.ts';

/** A task with what was asked for, as it is stored with it. */
export interface OpenTask {
  seq: number;
  view: TaskView;
  request: string;
}

/** Reads of rejections and tasks. Every call is bounded. */
export class RecordHistory {
  readonly #db: Database;
  readonly #contents: Contents;

  constructor(db: Database, contents: Contents) {
    this.#db = db;
    this.#contents = contents;
  }

  rejections({ route, reason }: RejectionFilter, page: PageRequest): Page<RejectionView> {
    const conditions = [...(route === undefined ? [] : ['AND route = ?']), ...(reason === undefined ? [] : ['AND reason = ?'])];
    const params = [route, reason].filter((value) => value !== undefined);
    const where = `seq >= ? AND seq < ? ${conditions.join(' ')}`;
    const read = this.#db.prepare(`SELECT * FROM rejections WHERE ${where} ORDER BY seq DESC LIMIT ?`);
    const { bottom, top } = boundsOf(this.#db, 'rejections')();
    const found = scanPage(page, top, bottom, (from, below, limit) => read.all(from, below, ...params, limit) as RejectionRow[]);
    return { data: found.data.map((row) => rejectionView(row, this.#contents)), nextCursor: found.nextCursor };
  }

  /** What is kept of refused bodies; there are 10,000 rejections at most. */
  bodyStarts(): { seq: number; bodyStart: string }[] {
    const rows = this.#db.prepare("SELECT * FROM rejections WHERE body_start <> ''").all() as RejectionRow[];
    return rows.map((row) => ({ seq: row.seq, bodyStart: rejectionView(row, this.#contents).bodyStart }));
  }

  audit(page: PageRequest): Page<AuditView> {
    const read = this.#db.prepare('SELECT * FROM audit WHERE seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?');
    const { bottom, top } = boundsOf(this.#db, 'audit')();
    const found = scanPage(page, top, bottom, (from, below, limit) => read.all(from, below, limit) as AuditRow[]);
    return { data: found.data.map(auditView), nextCursor: found.nextCursor };
  }

  tasks(page: PageRequest): Page<TaskView> {
    const read = this.#db.prepare('SELECT * FROM tasks WHERE seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?');
    const { bottom, top } = boundsOf(this.#db, 'tasks')();
    const found = scanPage(page, top, bottom, (from, below, limit) => read.all(from, below, limit) as TaskRow[]);
    return { data: found.data.map(taskView), nextCursor: found.nextCursor };
  }

  task(id: string): Found<OpenTask> {
    const parts = parseId('task', id);
    const row = parts && (this.#db.prepare('SELECT * FROM tasks WHERE seq = ?').get(parts.sequence) as TaskRow | undefined);
    if (!row || row.created_at !== parts.time) return { kind: 'missing' };
    return { kind: 'found', value: openTask(row) };
  }

  /** Tasks that have not ended, oldest first. */
  openTasks(): OpenTask[] {
    const rows = this.#db.prepare("SELECT * FROM tasks WHERE status IN ('pending', 'running') ORDER BY seq").all() as TaskRow[];
    return rows.map(openTask);
  }

  /** Tasks that have ended and whose callback was not told of it, oldest first. */
  callbacksDue(limit: number): OpenTask[] {
    const ended = "callback_state = 'waiting' AND finished_at IS NOT NULL";
    const rows = this.#db.prepare(`SELECT * FROM tasks WHERE ${ended} ORDER BY seq LIMIT ?`).all(limit) as TaskRow[];
    return rows.map(openTask);
  }

  /** Exports that have not ended, and those that were finished after this time and still have their file. */
  keptExports(finishedAfter: number): string[] {
    const rows = this.#db
      .prepare(
        `SELECT * FROM tasks WHERE kind = 'export' AND (status IN ('pending', 'running')
          OR (status = 'completed' AND file_dropped = 0 AND finished_at > ?))`,
      )
      .all(finishedAfter) as TaskRow[];
    return rows.map((row) => taskView(row).id);
  }

  /** What was done under an idempotency key. @param after wall ms; what is older is forgotten */
  remembered(scope: string, key: string, after: number): RememberedRow | null {
    return (this.#db.prepare(FIND_KEY).get(scope, key, after) as RememberedRow | undefined) ?? null;
  }
}

function openTask(row: TaskRow): OpenTask {
  return { seq: row.seq, view: taskView(row), request: row.request };
}
