import { Worker } from 'node:worker_threads';
import { deadlineOf, failed, type Step, timedOut, type Verdict, type Work } from './work.ts';

export type ThreadMessage = { kind: 'ready' } | { kind: 'begun'; step: Step } | { kind: 'done'; verdict: Verdict };

/** Who hears what became of the work. */
export interface Told {
  /** Before the thread gets the work, and before each of its steps. */
  begun(id: number, step: Step): void;
  done(id: number, verdict: Verdict): void;
  /** The thread cannot be had, or cannot be stopped: only the end of the process helps. */
  broken(): void;
}

/** Past it an expression is out of memory. A body of 16 MiB takes up to ten times as much when it is read. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** A thread in the middle of one long native call ends when that does. */
const LONGEST_END_MS = 2_000;

/** A machine that stands still does not count against an expression: a timer that is later than this is set once more. */
const LATE_MS = 20;

interface Running {
  work: Work;
  step: Step;
  stop(): void;
}

/** Gives work to a thread, one at a time, and kills it with whatever misses its deadline; the others go on in a new one. */
export class ThreadSupervisor {
  readonly #told: Told;
  readonly #waiting: Work[] = [];
  #thread: Worker;
  #ready = false;
  /** A former thread is still in the middle of something: should the whole process go with it, nobody else is at work. */
  #isStopping = false;
  #running: Running | null = null;

  constructor(told: Told) {
    this.#told = told;
    this.#thread = this.#start();
  }

  add(work: Work): void {
    this.#waiting.push(work);
    this.#next();
  }

  async close(): Promise<void> {
    this.#running?.stop();
    this.#thread.removeAllListeners();
    await this.#thread.terminate();
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const thread = new Worker(new URL(`./evaluation-thread.${extension}`, import.meta.url), {
      resourceLimits: THREAD_LIMITS,
      env: {},
      execArgv: [],
    });
    thread.on('message', (message: ThreadMessage) => this.#heard(message));
    // An error is followed by the exit; without a listener it would end the process.
    thread.on('error', () => undefined);
    thread.on('exit', () => this.#ended());
    return thread;
  }

  #heard(message: ThreadMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#next();
        return;
      case 'begun':
        this.#running?.stop();
        if (this.#running !== null) this.#begin(this.#running.work, message.step);
        return;
      case 'done':
        this.#finish(message.verdict);
        this.#next();
        return;
      default:
        message satisfies never;
    }
  }

  #next(): void {
    if (!this.#ready || this.#isStopping || this.#running !== null) return;
    const work = this.#waiting.shift();
    if (work === undefined) return;
    this.#begin(work, 'payload');
    this.#thread.postMessage(work);
  }

  #begin(work: Work, step: Step): void {
    this.#told.begun(work.id, step);
    const allowedMs = deadlineOf(step, work.event.body.length);
    this.#running = { work, step, stop: this.#after(allowedMs, () => this.#expire()) };
  }

  #after(delayMs: number, fire: () => void): () => void {
    const setAt = performance.now();
    let timer = setTimeout(() => {
      if (performance.now() - setAt < delayMs + LATE_MS) fire();
      else timer = setTimeout(fire, delayMs);
    }, delayMs);
    return () => clearTimeout(timer);
  }

  #finish(verdict: Verdict): void {
    const running = this.#running;
    if (running === null) return;
    running.stop();
    this.#running = null;
    this.#told.done(running.work.id, verdict);
  }

  #expire(): void {
    const former = this.#thread;
    former.removeAllListeners();
    former.on('error', () => undefined);
    const cut = setTimeout(() => this.#told.broken(), LONGEST_END_MS);
    this.#isStopping = true;
    void former.terminate().then(() => {
      clearTimeout(cut);
      this.#isStopping = false;
      this.#next();
    });
    if (this.#running !== null) this.#finish(timedOut(this.#running.step));
    this.#ready = false;
    this.#thread = this.#start();
  }

  /** By itself: out of memory, as far as it is known. */
  #ended(): void {
    const running = this.#running;
    if (running === null) {
      this.#told.broken();
      return;
    }
    this.#finish(failed(running.work.expressions, running.step, 'it needs too much memory'));
    this.#ready = false;
    this.#thread = this.#start();
  }
}
