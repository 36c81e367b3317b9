import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { type DeliveryRows, earliestDue } from './delivery-rows.ts';
import { ExportTasks } from './export-tasks.ts';
import type { Operator } from './operate.ts';
import type { CommandResult, Configured, DueChange } from './protocol.ts';
import type { Tallies } from './tallies.ts';
import type { MatchedItem, TaskCommand, TaskError } from './task-protocol.ts';

interface TaskRow {
  status: string;
  request: string;
  matched: number;
  position: number;
}

/** As it is stored with the task; the filter is of use to people only, the matched set is in `task_items`. */
interface ReplayRequest {
  targets: string[] | null;
}

/** Retried rather than delivered anew, so that doing it twice doubles nothing. */
const UNFINISHED: ReadonlySet<MatchedItem['status']> = new Set<DeliveryStatus>(['dead', 'pending', 'held']);

/**
 * Bulk work. The matched set is written down before the first step, and the position in it moves in the same
 * transaction as the work, so that a restart neither skips nor repeats.
 */
export class Tasks {
  readonly #rows: DeliveryRows;
  readonly #operator: Operator;
  readonly #tallies: Tallies;
  readonly #exports: ExportTasks;
  readonly #create: Statement;
  readonly #read: Statement;
  readonly #clear: Statement;
  readonly #item: Statement;
  readonly #matched: Statement;
  readonly #items: Statement;
  readonly #advance: Statement;
  readonly #finish: Statement;
  readonly #told: Statement;

  constructor(db: Database, rows: DeliveryRows, operator: Operator, tallies: Tallies) {
    this.#rows = rows;
    this.#operator = operator;
    this.#tallies = tallies;
    this.#exports = new ExportTasks(db);
    this.#create =
      db.prepare(`INSERT INTO tasks (seq, kind, status, request, created_at, matched, done, failed, position, callback_url,
      callback_state) VALUES (?, ?, 'pending', ?, ?, 0, 0, 0, 0, ?, ?)`);
    this.#read = db.prepare('SELECT status, request, matched, position FROM tasks WHERE seq = ?');
    this.#clear = db.prepare('DELETE FROM task_items WHERE task_seq = ?');
    this.#item = db.prepare('INSERT INTO task_items VALUES (?, ?, ?, ?)');
    this.#matched = db.prepare("UPDATE tasks SET matched = ?, status = ? WHERE seq = ? AND status = 'pending'");
    this.#items = db.prepare(
      'SELECT item_seq AS seq, matched_as AS status FROM task_items WHERE task_seq = ? AND position >= ? ORDER BY position LIMIT ?',
    );
    this.#advance = db.prepare('UPDATE tasks SET position = position + ?, done = done + ?, failed = failed + ? WHERE seq = ?');
    this.#finish = db.prepare(
      "UPDATE tasks SET status = ?, error = ?, finished_at = ? WHERE seq = ? AND status IN ('pending', 'running')",
    );
    this.#told = db.prepare('UPDATE tasks SET callback_state = ? WHERE seq = ?');
  }

  run(command: TaskCommand): CommandResult {
    switch (command.kind) {
      case 'task-create': {
        const seq = this.#tallies.take('task');
        const { task, request, callbackUrl, now } = command;
        this.#create.run(seq, task, request, now, callbackUrl, callbackUrl === null ? null : 'waiting');
        return { kind: 'task', task: seq };
      }
      case 'task-items':
        return this.#addItems(command.task, command.items, command.first, command.last);
      case 'task-step':
        return this.#step(command.task, command.limit, command.configured, command.now);
      case 'task-finish': {
        const error = command.status === 'failed' ? command.error : null;
        return this.#end(command.task, command.status, error, command.now) ? { kind: 'ok' } : { kind: 'missing' };
      }
      case 'export-advance': {
        const moved = this.#exports.advance(command);
        if (moved.kind === 'advanced' && moved.finished) this.#end(command.task, 'completed', null, command.now);
        return moved;
      }
      case 'exports-drop':
        this.dropExports();
        return { kind: 'ok' };
      case 'callback-settled':
        this.#told.run(command.state, command.task);
        return { kind: 'ok' };
      default:
        return command satisfies never;
    }
  }

  /** What exports have written counts no more: finished ones lose their file, the others begin anew. For who deletes an event, in the same transaction. */
  dropExports(): void {
    this.#exports.drop();
  }

  /** Writes down a part of the matched set; `first` starts it anew (an interrupted start left a part behind). */
  #addItems(task: number, items: readonly MatchedItem[], first: boolean, last: boolean): CommandResult {
    const row = this.#read.get(task) as TaskRow | undefined;
    if (row?.status !== 'pending') return { kind: 'missing' };
    if (first) this.#clear.run(task);
    const start = first ? 0 : row.matched;
    items.forEach(({ seq, status }, index) => {
      this.#item.run(task, start + index, seq, status);
    });
    this.#matched.run(start + items.length, last ? 'running' : 'pending', task);
    return { kind: 'ok' };
  }

  /** Works on the next `limit` deliveries of a replay. @param configured null when that is not to be looked at */
  #step(task: number, limit: number, configured: Configured | null, now: number): CommandResult {
    const row = this.#read.get(task) as TaskRow | undefined;
    if (row?.status !== 'running') return { kind: 'stepped', done: 0, failed: 0, finished: true, due: [] };
    const { targets } = JSON.parse(row.request) as ReplayRequest;
    const items = this.#items.all(task, row.position, limit) as MatchedItem[];
    const due: DueChange[] = [];
    let failed = 0;
    for (const item of items) {
      const touched = this.#replay(item, targets, configured, now);
      if (touched === null) failed += 1;
      else due.push(...touched);
    }
    this.#advance.run(items.length, items.length - failed, failed, task);
    const finished = row.position + items.length >= row.matched;
    if (finished) this.#end(task, 'completed', null, now);
    return { kind: 'stepped', done: items.length - failed, failed, finished, due: earliestDue(due) };
  }

  /** @returns false when the task is not there or has ended */
  #end(task: number, status: 'completed' | 'failed' | 'cancelled', error: TaskError | null, now: number): boolean {
    this.#clear.run(task);
    return this.#finish.run(status, error === null ? null : JSON.stringify(error), now, task).changes > 0;
  }

  /** @returns null when nothing could be done with the delivery, for example because its target is gone */
  #replay(
    { seq, status }: MatchedItem,
    targets: string[] | null,
    configured: Configured | null,
    now: number,
  ): DueChange[] | null {
    const delivery = this.#rows.read(seq);
    if (delivery === null) return null;
    const chosen = targets ?? [delivery.target];
    if (configured !== null && !configured.routes.has(delivery.route)) return null;
    if (configured !== null && !chosen.every((target) => configured.targets.has(target))) return null;
    if (targets === null && UNFINISHED.has(status)) {
      // Somebody else has retried it meanwhile, or it is being attempted: there is nothing left to do.
      if (delivery.state.status !== status || delivery.state.lease !== null) return [];
      const result = this.#rows.change(seq, delivery, { kind: 'retry' }, now);
      return result.ok ? [{ target: delivery.target, dueAt: now }] : null;
    }
    const result = this.#operator.replay(delivery.event, chosen, now);
    return result.kind === 'replayed' ? chosen.map((target) => ({ target, dueAt: now })) : null;
  }
}
