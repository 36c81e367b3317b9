import { HookbayError } from '../../domain/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { OpenTask } from './history-records.ts';
import type { ReplayRequest } from './operations.ts';
import type { HandOff } from './ports.ts';
import type { Configured } from './protocol.ts';
import type { ReaderClient } from './reader-client.ts';

/** Rows of the matched set that one commit writes down. */
const ITEMS_A_COMMIT = 500;

interface ReplayStep {
  done: number;
  failed: number;
  finished: boolean;
  touchedTargets: string[];
}

/** The store's side of bulk replays; who runs them step by step is the caller's business. */
export class SqliteReplayWork {
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

  async open(): Promise<{ id: string; ratePerSecond: number | null }[]> {
    const tasks = await this.#reader.ask('openTasks');
    return tasks.map((task) => ({ id: task.view.id, ratePerSecond: requestOf(task).ratePerSecond }));
  }

  async materialise(id: string): Promise<void> {
    const task = await this.#task(id);
    if (task.view.status !== 'pending') return;
    const { filter, targets } = requestOf(task);
    const rows = await this.#reader.ask('matchedRows', filter, targets !== null);
    for (let start = 0; start === 0 || start < rows.length; start += ITEMS_A_COMMIT) {
      const items = rows.slice(start, start + ITEMS_A_COMMIT);
      const last = start + ITEMS_A_COMMIT >= rows.length;
      const result = await this.#commits.command({ kind: 'task-items', task: task.seq, items, first: start === 0, last });
      if (result.kind === 'failed') throw new HookbayError({ code: result.code, status: 500, message: result.message });
    }
  }

  async step(id: string, limit: number): Promise<ReplayStep> {
    const task = await this.#task(id);
    const result = await this.#commits.command({
      kind: 'task-step',
      task: task.seq,
      limit,
      configured: this.#configured(),
      now: this.#now(),
    });
    if (result.kind !== 'stepped') {
      await this.#commits.command({ kind: 'task-finish', task: task.seq, status: 'failed', now: this.#now() });
      return { done: 0, failed: 0, finished: true, touchedTargets: [] };
    }
    for (const { target, dueAt } of result.due) this.#handOff.wake(target, dueAt);
    const touchedTargets = result.due.map(({ target }) => target);
    return { done: result.done, failed: result.failed, finished: result.finished, touchedTargets };
  }

  async #task(id: string): Promise<OpenTask> {
    const found = await this.#reader.ask('task', id);
    if (found.kind === 'found') return found.value;
    throw new HookbayError({ code: 'task_unknown', status: 404, message: `There is no task ${id}` });
  }
}

function requestOf(task: OpenTask): ReplayRequest {
  return JSON.parse(task.request) as ReplayRequest;
}
