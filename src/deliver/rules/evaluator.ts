import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../domain/clock.ts';
import type { Logger } from '../../domain/logger.ts';
import { Turns } from './turns.ts';
import { failed, type Step, type Verdict, type Work } from './work.ts';

type ProcessMessage =
  | { kind: 'ready' }
  | { kind: 'begun'; id: number; step: Step }
  | { kind: 'done'; id: number; verdict: Verdict };

/** What is asked, by whom (the target: no target waits for all that another asks), and who hears of the answer. */
interface Job {
  work: Work;
  asker: string;
  /** Null once nobody wants to know any more. */
  answered: ((verdict: Verdict) => void) | null;
  /** What it was at when it was last heard of; null while it waits. */
  step: Step | null;
}

export interface EvaluatorOptions {
  clock: Clock;
  logger: Logger;
}

/** So many are on their way at once: the process never waits for the next, and few have to be asked again when it ends. */
const WINDOW = 4;

/** No step takes as long; a process that says nothing for this time while it has work is killed. */
const LONGEST_SILENCE_MS = 15_000;

/** A process that does not start is tried so often, with a pause after each, before what waits is failed. */
const MOST_STARTS = 3;
const PAUSE_MS = 1_000;

/**
 * Has expressions evaluated in a process of their own. One that takes too long, or all memory, is the only one that fails;
 * those that were on their way beside it are asked again. Without expressions in the configuration there is no process.
 */
export class Evaluator {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting = new Turns<Job>();
  readonly #sent = new Map<number, Job>();
  #lastId = 0;
  #wanted = false;
  #child: ChildProcess | null = null;
  #ready = false;
  #failedStarts = 0;
  #cancelPause: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;

  constructor({ clock, logger }: EvaluatorOptions) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The process, for tests that end it; null while there is none. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Whether the configuration has expressions. The process starts with the first and ends with the last of them. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#care();
  }

  /** @param answered called once, later @returns ends the asking; then `answered` is not called */
  ask(asker: string, { expressions, event }: Omit<Work, 'id'>, answered: (verdict: Verdict) => void): () => void {
    this.#lastId += 1;
    const job: Job = { work: { id: this.#lastId, expressions, event }, asker, answered, step: null };
    this.#waiting.push(asker, job);
    this.#care();
    this.#send();
    return () => {
      job.answered = null;
    };
  }

  /** Ends the process; what is not answered yet is not answered any more. */
  async close(): Promise<void> {
    this.#wanted = false;
    this.#waiting.drain();
    this.#sent.clear();
    this.#cancelPause?.();
    await this.#end();
  }

  /** Starts the process when it is needed, and ends it when it is not. */
  #care(): void {
    const isNeeded = this.#wanted || this.#sent.size > 0 || !this.#waiting.isEmpty;
    if (!isNeeded) void this.#end();
    else if (this.#child === null && this.#cancelPause === null) this.#start();
  }

  #start(): void {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const child = fork(new URL(`./evaluation-process.${extension}`, import.meta.url), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      env: {}, // nothing of the relay's secrets is there to be found
    });
    this.#child = child;
    child.on('message', (message: ProcessMessage) => this.#heard(message));
    child.on('error', () => child.kill('SIGKILL'));
    child.on('close', (code, signal) => {
      if (this.#child === child) this.#ended(code, signal);
    });
    this.#watch();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#ready = false;
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      if (!child.kill('SIGKILL')) resolve();
    });
  }

  #heard(message: ProcessMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#failedStarts = 0;
        this.#send();
        break;
      case 'begun': {
        const job = this.#sent.get(message.id);
        if (job !== undefined) job.step = message.step;
        break;
      }
      case 'done':
        this.#finish(message.id, message.verdict);
        this.#send();
        this.#care();
        break;
      default:
        message satisfies never;
    }
    // Last, for only now it is known whether it has work: one that rests may be silent.
    this.#watch();
  }

  #send(): void {
    const child = this.#child;
    while (child !== null && this.#ready && child.connected && this.#sent.size < WINDOW) {
      const job = this.#waiting.next();
      if (job === undefined) break;
      if (job.answered === null) continue;
      this.#sent.set(job.work.id, job);
      this.#watch();
      // What did not get there is asked again when the process has ended.
      child.send(job.work, () => undefined);
    }
  }

  #finish(id: number, verdict: Verdict): void {
    const job = this.#sent.get(id);
    this.#sent.delete(id);
    if (verdict.kind === 'failed' && verdict.code === 'expression_timeout') {
      this.#logger.warn({ target: job?.asker, message: verdict.message }, 'expression stopped at its deadline');
    }
    job?.answered?.(verdict);
  }

  /** The process ended by itself. Who was at work is to blame; the others had no part in it. */
  #ended(code: number | null, signal: string | null): void {
    const wasReady = this.#ready;
    this.#child = null;
    this.#ready = false;
    this.#cancelWatch?.();
    this.#logger.warn({ code, signal }, 'the process of expressions ended and is started again');
    // Backwards, so that they stand in their order again.
    for (const job of [...this.#sent.values()].reverse()) {
      if (job.step === null) {
        this.#sent.delete(job.work.id);
        this.#waiting.unshift(job.asker, job);
      } else {
        this.#finish(job.work.id, failed(job.work.expressions, job.step, 'it needs too much memory, or the process was killed'));
      }
    }
    if (!wasReady) this.#startFailed();
    this.#care();
  }

  #startFailed(): void {
    this.#failedStarts += 1;
    this.#cancelPause = this.#clock.after(PAUSE_MS, () => {
      this.#cancelPause = null;
      this.#care();
    });
    if (this.#failedStarts < MOST_STARTS) return;
    this.#logger.error({ starts: this.#failedStarts }, 'expressions cannot be evaluated: their process does not start');
    for (const { work, answered } of this.#waiting.drain()) {
      answered?.(failed(work.expressions, 'payload', 'the process of expressions does not start'));
    }
  }

  #watch(): void {
    this.#cancelWatch?.();
    const child = this.#child;
    const isWatched = child !== null && (!this.#ready || this.#sent.size > 0);
    this.#cancelWatch = isWatched ? this.#clock.after(LONGEST_SILENCE_MS, () => void child.kill('SIGKILL')) : null;
  }
}
