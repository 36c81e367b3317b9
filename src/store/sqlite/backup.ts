import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { HookbayError } from '../../domain/errors.ts';
import { freeBytes } from './ballast.ts';
import { startThread } from './thread.ts';

export interface BackupRequest {
  file: string;
  /** Where the copy goes; must not exist. */
  copy: string;
}

export type BackupMessage = { kind: 'done' } | { kind: 'failed'; code: string; message: string };

/** A finished copy of the database, to be removed by whoever asked for it. */
export interface Backup {
  path: string;
  /** Bytes. */
  size: number;
  remove(): void;
}

const HEAP_MIB = 64;
/** How often the write-ahead log is looked at: the copy is one long read, and what it reads cannot be moved out of the log. */
const WATCH_MS = 250;
/** Events are refused from 1 GiB on: a copy that takes so long that the log comes near is given up before. */
const WAL_MOST_BYTES = 768 * 1024 * 1024;

const copiesOf = (file: string): string => `${basename(file)}.backup-`;

/** Makes copies of a database that is in use, one at a time. */
export class Backups {
  readonly #file: string;
  readonly #minFree: number;
  #running: Worker | null = null;
  #number = 0;

  constructor(file: string, minFree: number) {
    this.#file = file;
    this.#minFree = minFree;
    this.#removeOld();
  }

  /**
   * Copies all that is committed now.
   * @throws HookbayError `backup_running`, `backup_no_room`, `backup_too_slow`, or `backup_failed`
   */
  async make(): Promise<Backup> {
    if (this.#running !== null) throw refused('backup_running', 409, 'A backup is being made already');
    this.#removeOld();
    const needed = statSync(this.#file).size + walBytes(this.#file);
    if (freeBytes(this.#file) < needed + this.#minFree) {
      const hint = 'It is copied beside the database before it is sent; storage.minFree stays free.';
      throw refused('backup_no_room', 507, `The disk has no room for a copy of ${needed} bytes`, hint);
    }
    this.#number += 1;
    const copy = join(dirname(this.#file), `${copiesOf(this.#file)}${this.#number}`);
    const remove = (): void => rmSync(copy, { force: true });
    const worker = startThread('backup-thread', { file: this.#file, copy } satisfies BackupRequest, HEAP_MIB);
    this.#running = worker;
    try {
      await this.#finished(worker);
      chmodSync(copy, 0o600);
      return { path: copy, size: statSync(copy).size, remove };
    } catch (error) {
      remove();
      throw error;
    } finally {
      this.#running = null;
      await worker.terminate();
    }
  }

  /** Copies that nobody fetched, or that a process which was killed has left behind. One that is being read is open, and stays so. */
  #removeOld(): void {
    const folder = dirname(this.#file);
    for (const name of readdirSync(folder)) {
      if (name.startsWith(copiesOf(this.#file))) rmSync(join(folder, name), { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#running?.terminate();
  }

  #finished(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      const watch = setInterval(() => {
        if (walBytes(this.#file) < WAL_MOST_BYTES) return;
        const hint = 'Make it when less comes in, or on a faster disk.';
        end(refused('backup_too_slow', 503, 'The backup held up the write-ahead log for too long and was given up', hint));
      }, WATCH_MS);
      const end = (error: HookbayError | null): void => {
        clearInterval(watch);
        if (error === null) resolve();
        else reject(error);
      };
      worker.once('message', (message: BackupMessage) => {
        end(message.kind === 'done' ? null : refused('backup_failed', 500, `${message.code}: ${message.message}`));
      });
      worker.once('error', (error: Error) => end(refused('backup_failed', 500, error.message)));
      worker.once('exit', () => end(refused('backup_failed', 503, 'The backup was cut off')));
    });
  }
}

function walBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function refused(code: string, status: number, message: string, hint?: string): HookbayError {
  return new HookbayError(hint === undefined ? { code, status, message } : { code, status, message, hint });
}
