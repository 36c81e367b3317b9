import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Sqlite, { type Database } from 'better-sqlite3';
import type { BatchResult, WriterMessage } from '../../src/store/sqlite/protocol.ts';
import { startThread } from '../../src/store/sqlite/thread.ts';
import { type BareWriter, batchOf, openBareWriter, type Work } from '../support/bare-writer.ts';

/** A store that the model is held against. */
export interface Driver {
  run(work: Work): Promise<BatchResult>;
  /** The same while another program holds the write lock, or on a full disk; null where that cannot be caused quickly. */
  runInTrouble: ((work: Work, trouble: 'busy' | 'full') => Promise<BatchResult>) | null;
  /** Ends without closing anything, as a killed process does, and opens again. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Rows as they are on disk. */
  rows(sql: string): unknown[][];
  remove(): Promise<void>;
}

/** In memory where there is such a folder: these runs look for wrong rows, not for a slow disk. */
const newFolder = (): string => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hookbay-model-'));

/** The writer itself, called directly. */
export class DirectDriver implements Driver {
  #writer: BareWriter;
  readonly #losesLog: boolean;

  /** @param losesLog for the control: a crash takes what was committed since the last restart */
  constructor(losesLog = false) {
    this.#writer = openBareWriter(newFolder());
    this.#losesLog = losesLog;
  }

  async run(work: Work): Promise<BatchResult> {
    return this.#writer.run(work);
  }

  async runInTrouble(work: Work, trouble: 'busy' | 'full'): Promise<BatchResult> {
    return trouble === 'busy' ? this.#runBusy(work) : this.#runFull(work);
  }

  /** What a killed process leaves behind is what the two files hold, so a copy of them made while they are open. */
  async crash(): Promise<void> {
    const folder = newFolder();
    const copy = join(folder, 'hookbay.db');
    copyFileSync(this.#writer.file, copy);
    if (!this.#losesLog) copyFileSync(`${this.#writer.file}-wal`, `${copy}-wal`);
    this.#writer.remove();
    this.#writer = openBareWriter(folder);
  }

  async restart(): Promise<void> {
    this.#writer.close();
    this.#writer = openBareWriter(join(this.#writer.file, '..'));
  }

  rows(sql: string): unknown[][] {
    return this.#writer.db.prepare(sql).raw().all() as unknown[][];
  }

  async remove(): Promise<void> {
    this.#writer.remove();
  }

  #runBusy(work: Work): BatchResult {
    const other = new Sqlite(this.#writer.file);
    other.exec('BEGIN IMMEDIATE');
    this.#writer.db.pragma('busy_timeout = 0');
    try {
      return this.#writer.run(work);
    } finally {
      other.close();
      this.#writer.db.pragma('busy_timeout = 3000');
    }
  }

  /** With room for a few pages, so that it fails midway. */
  #runFull(work: Work): BatchResult {
    const { db } = this.#writer;
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 2}`);
    try {
      return this.#writer.run(work);
    } finally {
      db.pragma('max_page_count = 1073741823');
    }
  }
}

/** The writer in its thread, with lock file, ballast and high-water mark. */
export class ThreadDriver implements Driver {
  readonly runInTrouble = null;
  readonly #file: string;
  #worker: Worker;
  #reader: Database;

  private constructor(file: string, worker: Worker) {
    this.#file = file;
    this.#worker = worker;
    this.#reader = new Sqlite(file, { readonly: true });
  }

  static async open(): Promise<ThreadDriver> {
    const file = join(newFolder(), 'hookbay.db');
    return new ThreadDriver(file, await openThread(file));
  }

  async run(work: Work): Promise<BatchResult> {
    const batch = batchOf(work);
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(batch, [batch.bytes]);
    const [message] = (await answer) as [WriterMessage];
    if (message.kind === 'committed' || message.kind === 'refused' || message.kind === 'broken') return message;
    throw new Error(`the writer answered ${message.kind}`);
  }

  async crash(): Promise<void> {
    this.#reader.close();
    await this.#worker.terminate();
    await this.#openAgain();
  }

  async restart(): Promise<void> {
    await this.#close();
    await this.#openAgain();
  }

  rows(sql: string): unknown[][] {
    return this.#reader.prepare(sql).raw().all() as unknown[][];
  }

  async remove(): Promise<void> {
    await this.#close();
    rmSync(join(this.#file, '..'), { recursive: true, force: true });
  }

  async #close(): Promise<void> {
    this.#reader.close();
    // One that has ended by itself would be waited for in vain, and what ended it would not be told.
    if (this.#worker.threadId === -1) return;
    const ended = once(this.#worker, 'exit');
    this.#worker.postMessage({ kind: 'close' });
    await ended;
  }

  async #openAgain(): Promise<void> {
    this.#worker = await openThread(this.#file);
    this.#reader = new Sqlite(this.#file, { readonly: true });
  }
}

async function openThread(file: string): Promise<Worker> {
  const worker = startThread('writer-thread', { file, minFree: 1024 * 1024, keys: [] }, 128);
  const [message] = (await once(worker, 'message')) as [WriterMessage];
  if (message.kind !== 'opened') throw new Error(`not opened: ${JSON.stringify(message)}`);
  if (message.report.gap !== null) throw new Error(`events are missing: ${JSON.stringify(message.report.gap)}`);
  return worker;
}
