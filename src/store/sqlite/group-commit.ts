import type { Worker } from 'node:worker_threads';
import { HookbayError } from '../../domain/errors.ts';
import type { Appended, AppendRow, Batch, BatchResult, Command, CommandResult, ReleaseRow, SettleRow } from './protocol.ts';

/** What became of an append, told once. Null: nothing was stored, for the reason given. */
export interface AppendWaiter {
  head: string;
  body: Buffer;
  row: AppendRow;
  settled(result: Appended): void;
  failed(error: HookbayError): void;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: HookbayError): void;
}

/**
 * Results can wait a little for an append to share its commit with: nobody is kept waiting, and at 1,000 events/s there
 * are half as many commits for an append to queue behind. After a crash the attempts of these milliseconds are repeated.
 */
const SETTLE_GATHER_MS = 5;
const SETTLES_WORTH_A_COMMIT = 64;

interface Queue {
  appends: AppendWaiter[];
  settles: SettleRow[];
  settleWaiters: Waiter<boolean>[];
  releases: ReleaseRow[];
  commands: Command[];
  commandWaiters: Waiter<CommandResult>[];
}

const emptyQueue = (): Queue => ({ appends: [], settles: [], settleWaiters: [], releases: [], commands: [], commandWaiters: [] });

/**
 * Gathers what is to be written and sends it to the writer thread, one batch at a time: what arrives while a batch
 * commits makes the next one, so no timer is needed. Callers are released only after the commit has returned.
 */
export class GroupCommit {
  readonly #worker: Pick<Worker, 'postMessage'>;
  readonly #now: () => number;
  #queue: Queue = emptyQueue();
  #inFlight: Queue | null = null;
  #scheduled = false;
  #gathering: NodeJS.Timeout | undefined;
  #hasAwaited = false;
  #broken: HookbayError | null = null;
  #idle: (() => void)[] = [];

  constructor(worker: Pick<Worker, 'postMessage'>, now: () => number) {
    this.#worker = worker;
    this.#now = now;
  }

  append(waiter: AppendWaiter): void {
    if (this.#broken !== null) {
      waiter.failed(this.#broken);
      return;
    }
    this.#queue.appends.push(waiter);
    this.#schedule();
  }

  /**
   * @param isAwaited others wait for it to be on disk, so it does not wait for company
   * @returns false when the lease was gone
   */
  settle(row: SettleRow, isAwaited = false): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(this.#broken);
        return;
      }
      this.#queue.settles.push(row);
      this.#queue.settleWaiters.push({ resolve, reject });
      this.#hasAwaited ||= isAwaited;
      this.#scheduleSoon();
    });
  }

  release(rows: readonly ReleaseRow[]): void {
    if (this.#broken !== null) return;
    this.#queue.releases.push(...rows);
    this.#scheduleSoon();
  }

  command(command: Command): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(this.#broken);
        return;
      }
      this.#queue.commands.push(command);
      this.#queue.commandWaiters.push({ resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when everything that was given before is written or refused. */
  flushed(): Promise<void> {
    if (this.#inFlight === null && !this.#hasWork()) return Promise.resolve();
    this.#schedule();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** The writer's answer to the batch in flight. */
  answered(result: BatchResult): void {
    const batch = this.#inFlight;
    this.#inFlight = null;
    if (batch === null) return;
    if (result.kind === 'committed') release(batch, result);
    else this.#refuse(batch, result);
    if (this.#hasWork()) this.#scheduleSoon();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Nothing can be written any more: everybody who waits is told, and everybody who asks later. */
  break(error: HookbayError): void {
    if (this.#broken !== null) return;
    this.#broken = error;
    for (const queue of [this.#inFlight, this.#queue]) if (queue !== null) failAll(queue, error);
    this.#inFlight = null;
    this.#queue = emptyQueue();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #refuse(batch: Queue, result: Exclude<BatchResult, { kind: 'committed' }>): void {
    this.#queue.releases.unshift(...batch.releases); // nobody waits for them, and nobody would give them again
    const hint = 'Nothing of it was stored.';
    failAll(batch, new HookbayError({ code: result.code, status: 503, message: result.message, hint }));
  }

  #hasWork(): boolean {
    const { appends, settles, releases, commands } = this.#queue;
    return appends.length + settles.length + releases.length + commands.length > 0;
  }

  #isUrgent(): boolean {
    const { appends, settles, commands } = this.#queue;
    return (
      appends.length + commands.length > 0 ||
      settles.length >= SETTLES_WORTH_A_COMMIT ||
      this.#hasAwaited ||
      this.#idle.length > 0
    );
  }

  #scheduleSoon(): void {
    if (this.#isUrgent()) this.#schedule();
    else this.#gathering ??= setTimeout(() => this.#schedule(), SETTLE_GATHER_MS);
  }

  /** Once per turn of the event loop, so that requests read in the same turn share a commit. */
  #schedule(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#scheduled || this.#inFlight !== null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#inFlight !== null || this.#broken !== null || !this.#hasWork()) return;
    const queue = this.#queue;
    this.#queue = emptyQueue();
    this.#hasAwaited = false;
    this.#inFlight = queue;
    const bytes = pack(queue.appends);
    const batch: Batch = {
      kind: 'batch',
      appends: queue.appends.map(({ row }) => row),
      bytes,
      settles: queue.settles,
      releases: queue.releases,
      commands: queue.commands,
      now: this.#now(),
    };
    this.#worker.postMessage(batch, [bytes]);
  }
}

/** Heads and bodies, one after the other, in one buffer that changes its owner: nothing is cloned. */
function pack(appends: readonly AppendWaiter[]): ArrayBuffer {
  let total = 0;
  for (const { head, body, row } of appends) {
    row.headLength = Buffer.byteLength(head, 'utf8');
    total += row.headLength + body.length;
  }
  const bytes = Buffer.from(new ArrayBuffer(total));
  let offset = 0;
  for (const { head, body } of appends) {
    offset += bytes.write(head, offset, 'utf8');
    bytes.set(body, offset);
    offset += body.length;
  }
  return bytes.buffer as ArrayBuffer;
}

function release(batch: Queue, result: BatchResult & { kind: 'committed' }): void {
  const missing: Appended = { kind: 'refused', message: 'the writer gave no answer for it' };
  batch.appends.forEach((waiter, index) => {
    waiter.settled(result.appends[index] ?? missing);
  });
  batch.settleWaiters.forEach(({ resolve }, index) => {
    resolve(result.settles[index] ?? false);
  });
  batch.commandWaiters.forEach(({ resolve }, index) => {
    resolve(result.commands[index] ?? { kind: 'failed', code: 'no_answer', message: missing.message });
  });
}

function failAll(queue: Queue, error: HookbayError): void {
  for (const waiter of queue.appends) waiter.failed(error);
  for (const { reject } of queue.settleWaiters) reject(error);
  for (const { reject } of queue.commandWaiters) reject(error);
}
