import { HookbayError } from '../../domain/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { ExportBatch } from './history-exports.ts';
import type { OpenTask } from './history-records.ts';
import type { ReplayRequest } from './operations.ts';
import type { HandOff } from './ports.ts';
import type { CommandResult, Configured } from './protocol.ts';
import type { ReaderClient } from './reader-client.ts';
import type { ExportPosition, MatchedItem, TaskCommand, TaskError } from './task-protocol.ts';
import type { TaskView } from './views.ts';

/** Rows of the matched set that one commit writes down. */
const ITEMS_A_COMMIT = 500;

interface ReplayStep {
  done: number;
  failed: number;
  finished: boolean;
  touchedTargets: string[];
}

type OpenRef = { kind: 'replay'; id: string; ratePerSecond: number | null } | { kind: 'export'; id: string };

/** The store's side of bulk work; who runs it step by step is the caller's business. */
export class SqliteTaskWork {
  readonly #commits: GroupCommit;
  readonly #reader: ReaderClient;
  readonly #handOff: HandOff;
  readonly #now: () => number;
  readonly #configured: () => Configured | null;

  constructor(
    commits: GroupCommit,
    reader: ReaderClient,
    handOff: HandOff,
    now: () => number,
    configured: () => Configured | null,
  ) {
    this.#commits = commits;
    this.#reader = reader;
    this.#handOff = handOff;
    this.#now = now;
    this.#configured = configured;
  }

  async open(): Promise<OpenRef[]> {
    const tasks = await this.#reader.ask('openTasks');
    return tasks.map((task): OpenRef => {
      const { kind, id } = task.view;
      switch (kind) {
        case 'replay':
          return { kind, id, ratePerSecond: requestOf(task).ratePerSecond };
        case 'export':
          return { kind, id };
        default:
          return kind satisfies never;
      }
    });
  }

  async materialise(id: string): Promise<void> {
    const task = await this.#task(id);
    if (task.view.status !== 'pending') return;
    const rows = await this.#matched(task);
    for (let start = 0; start === 0 || start < rows.length; start += ITEMS_A_COMMIT) {
      const items = rows.slice(start, start + ITEMS_A_COMMIT);
      const last = start + ITEMS_A_COMMIT >= rows.length;
      const result = await this.#command({ kind: 'task-items', task: task.seq, items, first: start === 0, last });
      if (result.kind === 'missing') return; // cancelled meanwhile
    }
  }

  /** Makes the next deliveries of a replay due. */
  async step(id: string, limit: number): Promise<ReplayStep> {
    const task = await this.#task(id);
    const now = this.#now();
    const result = await this.#commits.command({
      kind: 'task-step',
      task: task.seq,
      limit,
      configured: this.#configured(),
      now,
    });
    if (result.kind !== 'stepped') {
      const why = result.kind === 'failed' ? result : { code: 'no_answer', message: 'the store gave no answer' };
      await this.fail(id, { code: why.code, message: why.message });
      return { done: 0, failed: 0, finished: true, touchedTargets: [] };
    }
    for (const { target, dueAt } of result.due) this.#handOff.wake(target, dueAt);
    const touchedTargets = result.due.map(({ target }) => target);
    return { done: result.done, failed: result.failed, finished: result.finished, touchedTargets };
  }

  /** What an export writes next; null when it is not running any more. */
  async exportBatch(id: string, limit: number, bytes: number): Promise<ExportBatch | null> {
    const task = await this.#task(id);
    return this.#reader.ask('exportBatch', task.seq, limit, bytes);
  }

  /**
   * Records what is in an export's file and synced.
   * @param bytes length of the file up to there
   * @returns `stale` when the export has ended or begun anew since the batch was read
   */
  async exportAdvance(
    id: string,
    from: ExportPosition,
    wrote: { done: number; failed: number; bytes: number },
  ): Promise<'advanced' | 'finished' | 'stale'> {
    const task = await this.#task(id);
    const result = await this.#command({ kind: 'export-advance', task: task.seq, from, ...wrote, now: this.#now() });
    if (result.kind !== 'advanced') return 'stale';
    return result.finished ? 'finished' : 'advanced';
  }

  /** Ends a task that cannot be carried out. */
  async fail(id: string, error: TaskError): Promise<void> {
    const task = await this.#task(id);
    await this.#command({ kind: 'task-finish', task: task.seq, status: 'failed', error, now: this.#now() });
  }

  /** Ids of the exports whose files must stay: those that run, and those finished after this wall time. */
  keptExports(finishedAfter: number): Promise<string[]> {
    return this.#reader.ask('keptExports', finishedAfter);
  }

  /** What exports have written counts no more: finished ones lose their file, the others begin anew. */
  async dropExports(): Promise<void> {
    await this.#command({ kind: 'exports-drop' });
  }

  /** Tasks whose end is still to be told, oldest first. */
  async callbacksDue(limit: number): Promise<TaskView[]> {
    return (await this.#reader.ask('callbacksDue', limit)).map(({ view }) => view);
  }

  async callbackSettled(id: string, state: 'told' | 'given_up'): Promise<void> {
    const task = await this.#task(id);
    await this.#command({ kind: 'callback-settled', task: task.seq, state });
  }

  #matched(task: OpenTask): Promise<MatchedItem[]> {
    const { filter, targets } = requestOf(task);
    const { kind } = task.view;
    switch (kind) {
      case 'replay':
        return this.#reader.ask('matchedRows', filter, targets !== null);
      case 'export':
        return this.#reader.ask('matchedEvents', filter);
      default:
        return kind satisfies never;
    }
  }

  async #task(id: string): Promise<OpenTask> {
    const found = await this.#reader.ask('task', id);
    if (found.kind === 'found') return found.value;
    throw new HookbayError({ code: 'task_unknown', status: 404, message: `There is no task ${id}` });
  }

  async #command(command: TaskCommand): Promise<CommandResult> {
    const result = await this.#commits.command(command);
    if (result.kind === 'failed') throw new HookbayError({ code: result.code, status: 500, message: result.message });
    return result;
  }
}

/** An export has only the filter. */
function requestOf(task: OpenTask): ReplayRequest {
  return JSON.parse(task.request) as ReplayRequest;
}
