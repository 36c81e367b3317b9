import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { Redaction } from '../domain/redaction.ts';
import { ExportFileLost, type ExportFiles } from './export-files.ts';
import { type ExportedEvent, exportLine } from './export-line.ts';
import type { ExportFile, Exports, ExportTaskView } from './ports.ts';
import type { TaskStep, TaskWork } from './task-runner.ts';

/** Where an export stands: given back as it came. */
export interface ExportPosition {
  position: number;
  bytes: number;
  restarts: number;
}

/** What exports need of the store. Lines are synced before `exportAdvance`, so that what is recorded is in the file. */
export interface ExportWork {
  materialise(taskId: string): Promise<void>;
  /** The next events, null for one that is gone or damaged; null when the export is not running. */
  exportBatch(
    taskId: string,
    limit: number,
    bytes: number,
  ): Promise<{ at: ExportPosition; events: readonly (ExportedEvent | null)[] } | null>;
  exportAdvance(
    taskId: string,
    from: ExportPosition,
    wrote: { done: number; failed: number; bytes: number },
  ): Promise<'advanced' | 'finished' | 'stale'>;
  fail(taskId: string, error: { code: string; message: string }): Promise<void>;
  keptExports(finishedAfter: number): Promise<string[]>;
  dropExports(): Promise<void>;
}

export interface ExportOptions {
  work: ExportWork;
  files: ExportFiles;
  /** Bytes of free disk that no export may go below. */
  minFree: number;
  /** What is masked of a route's events now. */
  maskOf(route: string): Redaction;
  clock: Clock;
  logger: Logger;
}

/** How long the file of a finished export is kept, ms. */
export const EXPORT_AGE_MS = 24 * 3_600_000;
/** Bodies of one step: a large one comes alone. */
const STEP_BYTES = 4 * 1024 * 1024;
/** An export that finds no room for so long is given up, ms. */
const ROOM_PATIENCE_MS = 10 * 60_000;
const SWEEP_EVERY_MS = 60_000;

/** No room now: the step is tried again. */
class DiskLow extends Error {
  readonly code = 'disk_low';

  constructor() {
    super('There is not enough free disk for the export; it goes on when there is');
    this.name = 'DiskLow';
  }
}

/** Writes exports, hands them out, and removes them when their time is over. */
export class ExportStore implements TaskWork, Exports {
  readonly #options: ExportOptions;
  /** Monotonic ms since which an export has found no room. */
  readonly #waiting = new Map<string, number>();
  #cancelSweep: () => void = () => undefined;
  #suspended = false;
  #stopped = false;

  constructor(options: ExportOptions) {
    this.#options = options;
  }

  /** Removes now, and every minute from now on, what no task has any more. */
  start(): void {
    void this.sweep().finally(() => {
      if (!this.#stopped) this.#cancelSweep = this.#options.clock.after(SWEEP_EVERY_MS, () => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelSweep();
  }

  /** While the wall clock cannot be trusted nothing is old. */
  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }

  materialise(taskId: string): Promise<void> {
    return this.#options.work.materialise(taskId);
  }

  async step(taskId: string, limit: number): Promise<TaskStep> {
    const { work, files, logger } = this.#options;
    const batch = await work.exportBatch(taskId, limit, STEP_BYTES);
    if (batch === null) return this.#ended(taskId);
    const lines = batch.events.map((event) => (event === null ? null : exportLine(event, this.#options.maskOf(event.route))));
    const written = lines.filter((line) => line !== null);
    const failed = lines.length - written.length;
    try {
      const bytes = Buffer.concat(written);
      await this.#mustHaveRoom(taskId, bytes.length);
      const length = await files.append(taskId, batch.at.bytes, bytes);
      const outcome = await work.exportAdvance(taskId, batch.at, { done: written.length, failed, bytes: length });
      if (outcome === 'advanced' && lines.length === 0) throw new ExportFileLost('the list of its events');
      return { done: written.length, failed, finished: outcome === 'finished' };
    } catch (error) {
      const reason = this.#reasonToGiveUp(taskId, error);
      if (reason === null) throw error;
      await work.fail(taskId, reason);
      logger.warn({ taskId, code: reason.code }, 'export failed');
      return this.#ended(taskId);
    }
  }

  async open(task: ExportTaskView): Promise<ExportFile> {
    const { files } = this.#options;
    const { id, bytes } = task;
    const size = this.keptUntil(task) === null ? null : await files.size(id);
    return size === null || size < bytes ? { kind: 'gone' } : { kind: 'found', bytes, stream: () => files.read(id, bytes) };
  }

  keptUntil({ status, dropped, finishedAt }: ExportTaskView): number | null {
    if (status !== 'completed' || dropped || finishedAt === null) return null;
    const until = finishedAt + EXPORT_AGE_MS;
    return this.#suspended || until > this.#options.clock.now() ? until : null;
  }

  /** Removes every finished export and begins the others anew: an event that they may hold was deleted before. */
  async drop(): Promise<void> {
    await this.#options.work.dropExports();
    await this.sweep();
  }

  /** Removes the files that no task has any more. Never rejects: the next sweep tries again. */
  async sweep(): Promise<void> {
    const { work, files, clock, logger } = this.#options;
    try {
      const present = await files.list(); // before the tasks are read: a new file belongs to one of them
      if (present.length === 0) return;
      const kept = new Set(await work.keptExports(this.#suspended ? 0 : clock.now() - EXPORT_AGE_MS));
      for (const taskId of present.filter((id) => !kept.has(id))) {
        await files.remove(taskId);
        logger.info({ taskId }, 'export removed');
      }
    } catch (error) {
      logger.warn({ err: error }, 'exports not swept');
    }
  }

  async #ended(taskId: string): Promise<TaskStep> {
    this.#waiting.delete(taskId);
    await this.sweep();
    return { done: 0, failed: 0, finished: true };
  }

  /** @throws DiskLow */
  async #mustHaveRoom(taskId: string, bytes: number): Promise<void> {
    const { files, minFree } = this.#options;
    if ((await files.free()) - bytes < minFree) throw new DiskLow();
    this.#waiting.delete(taskId);
  }

  /** @returns null when it is worth waiting */
  #reasonToGiveUp(taskId: string, error: unknown): { code: string; message: string } | null {
    if (error instanceof ExportFileLost) return { code: error.code, message: error.message };
    if (!isFullDisk(error)) return null;
    const now = this.#options.clock.monotonic();
    const since = this.#waiting.get(taskId) ?? now;
    this.#waiting.set(taskId, since);
    if (now - since < ROOM_PATIENCE_MS) return null;
    return { code: 'disk_low', message: 'There was not enough free disk for ten minutes; what was written is removed' };
  }
}

function isFullDisk(error: unknown): boolean {
  if (error instanceof DiskLow) return true;
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
