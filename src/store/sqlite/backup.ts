import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished, type Readable } from 'node:stream';
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

/** A finished copy of the database. Its file has no name any more: whatever becomes of it, nothing is left behind. */
export interface Backup {
  /** Bytes. */
  size: number;
  /** Its content; the copy is gone when that has ended, or was destroyed. */
  read(): Readable;
  /** For a copy that nobody wants to read any more. */
  discard(): Promise<void>;
}

const HEAP_MIB = 64;
/** How often the write-ahead log is looked at: the copy is one long read, and what it reads cannot be moved out of the log. */
const WATCH_MS = 250;
/** Events are refused from 1 GiB on: a copy that takes so long that the log comes near is given up before. */
const WAL_MOST_BYTES = 768 * 1024 * 1024;

/** How much is given back to the file system at once: commits wait for the disk while it frees what a large file held. */
const FREED_BYTES = 16 * 1024 * 1024;

/** What a copy is called while it is made. Nobody else gives files such names, and what is found is removed. */
const copyOf = (file: string, number: number): string => `${file}.copying-${number}`;
const COPIES = /^\.copying-\d+(-journal)?$/;

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
   * @param signal nobody waits for the copy any more
   * @throws HookbayError `backup_running`, `backup_no_room`, `backup_too_slow`, or `backup_failed`
   */
  async make(signal: AbortSignal): Promise<Backup> {
    if (this.#running !== null) throw refused('backup_running', 409, 'A backup is being made already');
    const needed = statSync(this.#file).size + walBytes(this.#file);
    if (freeBytes(this.#file) < needed + this.#minFree) {
      const hint = 'It is copied beside the database before it is sent; storage.minFree stays free.';
      throw refused('backup_no_room', 507, `The disk has no room for a copy of ${needed} bytes`, hint);
    }
    const copy = this.#unused();
    const worker = startThread('backup-thread', { file: this.#file, copy } satisfies BackupRequest, HEAP_MIB);
    this.#running = worker;
    const stop = (): void => void worker.terminate();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#finished(worker);
      return await opened(copy);
    } finally {
      signal.removeEventListener('abort', stop);
      await worker.terminate();
      this.#running = null;
      this.#removeOld();
    }
  }

  #unused(): string {
    for (;;) {
      this.#number += 1;
      const copy = copyOf(this.#file, this.#number);
      if (!existsSync(copy)) return copy;
    }
  }

  /** What a process that was killed, or a copy that failed, has left behind. */
  #removeOld(): void {
    const [folder, name] = [dirname(this.#file), basename(this.#file)];
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.startsWith(name) || !COPIES.test(entry.name.slice(name.length))) continue;
      rmSync(join(folder, entry.name), { force: true });
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

async function opened(copy: string): Promise<Backup> {
  const file = await open(copy, 'r+');
  try {
    await rm(copy);
    const { size } = await file.stat();
    return { size, read: () => contentOf(file, size), discard: () => freed(file, size) };
  } catch (error) {
    await file.close(); // one that is only forgotten ends the process when it is collected
    throw error;
  }
}

function contentOf(file: FileHandle, size: number): Readable {
  const content = file.createReadStream({ autoClose: false });
  // At its end, or when it is destroyed. Should that fail: the file has no name, and its room is free when the process ends.
  finished(content, () => void freed(file, size).catch(() => undefined));
  return content;
}

async function freed(file: FileHandle, size: number): Promise<void> {
  try {
    for (let left = size - FREED_BYTES; left > 0; left -= FREED_BYTES) await file.truncate(left);
  } finally {
    await file.close();
  }
}

function walBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function refused(code: string, status: number, message: string, hint?: string): HookbayError {
  return new HookbayError(hint === undefined ? { code, status, message } : { code, status, message, hint });
}
