import { basename, dirname, join } from 'node:path';
import type { AddressGuard } from '../config/outgoing-address.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { Redaction } from '../domain/redaction.ts';
import { type CallbackSigner, type CallbackWork, createCallbacks } from './callbacks.ts';
import { ExportFiles } from './export-files.ts';
import { ExportStore, type ExportWork } from './exports.ts';
import { resultUrl } from './present.ts';
import { createTaskRunner, type TaskRef, type TaskWork } from './task-runner.ts';

export interface TaskOptions {
  /** The store's side of all of it. */
  work: TaskWork & ExportWork & CallbackWork & { open(): Promise<TaskRef[]> };
  /** Of the database: exports lie in a folder beside it. */
  databaseFile: string;
  minFree: number;
  /** What is masked of a route's events now. */
  maskOf(route: string): Redaction;
  callbacks: () => { sign: CallbackSigner | null; guard: AddressGuard };
  observer: {
    items(kind: TaskRef['kind'], done: number, failed: number): void;
    callback(result: 'told' | 'given_up'): void;
  };
  clock: Clock;
  logger: Logger;
}

/** Bulk work: carried out, handed out, and told of. */
export interface Tasks {
  exports: ExportStore;
  start(): void;
  /** There may be a new task, or one that has ended. */
  wake(): void;
  /** Resolves when the step that runs has ended; the rest goes on at the next start. */
  stop(): Promise<void>;
}

/** `data/hookbay.db` has `data/exports/hookbay`: what is not known here is removed, and another database may lie beside this one. */
export const exportFolderOf = (databaseFile: string): string =>
  join(dirname(databaseFile), 'exports', basename(databaseFile).replace(/\.db$/, ''));

export function createTasks(options: TaskOptions): Tasks {
  const { work, databaseFile, minFree, maskOf, callbacks: settings, observer, clock, logger } = options;
  const exports = new ExportStore({ work, files: new ExportFiles(exportFolderOf(databaseFile)), minFree, maskOf, clock, logger });
  const callbacks = createCallbacks({
    work,
    settings,
    resultUrl: (task) => resultUrl(task, exports),
    settled: (result) => observer.callback(result),
    clock,
    logger,
  });
  const runner = createTaskRunner({
    open: () => work.open(),
    works: { replay: work, export: exports },
    ended: () => callbacks.wake(),
    handled: (kind, done, failed) => observer.items(kind, done, failed),
    clock,
    logger,
  });
  return {
    exports,
    start: () => {
      exports.start();
      runner.start();
      callbacks.wake();
    },
    wake: () => {
      runner.wake();
      callbacks.wake();
    },
    stop: async () => {
      exports.stop();
      await Promise.all([runner.stop(), callbacks.stop()]);
    },
  };
}
