import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { ReplayStep, ReplayWork, TaskRef } from './ports.ts';

/** Rows per step: small enough that the writer is never held for long. */
const STEP_LIMIT = 100;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

export interface ReplayRunnerOptions {
  work: ReplayWork;
  clock: Clock;
  logger: Logger;
}

/** Carries out bulk replays, step by step. */
export interface ReplayRunner {
  /** Begins with the tasks that an earlier run left unfinished. */
  start(): void;
  /** There may be a new task. */
  wake(): void;
  /** Resolves when the step that runs has ended; the rest goes on at the next start. */
  stop(): Promise<void>;
}

interface RunningTask extends TaskRef {
  materialised: boolean;
  /** Monotonic ms before which it takes no further step. */
  notBefore: number;
  failures: number;
}

/** One step at a time, tasks in turn: a task that is paced slowly does not hold up another. */
export function createReplayRunner({ work, clock, logger }: ReplayRunnerOptions): ReplayRunner {
  const tasks = new Map<string, RunningTask>();
  // A wake-up that comes while tasks are being read is remembered.
  let unread = false;
  let stopped = false;
  let running: Promise<void> | null = null;
  let cancelTimer: () => void = () => undefined;
  let readFailures = 0;

  const later = (delayMs: number): void => {
    cancelTimer();
    cancelTimer = clock.after(delayMs, go);
  };

  const read = async (): Promise<void> => {
    unread = false;
    try {
      for (const task of await work.open()) {
        if (!tasks.has(task.id)) tasks.set(task.id, { ...task, materialised: false, notBefore: 0, failures: 0 });
      }
      readFailures = 0;
    } catch (error) {
      unread = true;
      readFailures += 1;
      throw error;
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      if (unread) await read();
      const task = nextTask(tasks);
      if (task === null) return;
      const wait = task.notBefore - clock.monotonic();
      if (wait > 0) {
        later(wait);
        return;
      }
      // Set again at the end of the map: tasks take turns.
      tasks.delete(task.id);
      if (!(await advance(task, { work, clock, logger }))) tasks.set(task.id, task);
    }
  };

  function go(): void {
    cancelTimer();
    if (stopped || running !== null) return;
    running = run()
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'replay tasks not read');
        later(backoff(readFailures));
      })
      .finally(() => {
        running = null;
        if (unread && readFailures === 0) go();
      });
  }

  const wake = (): void => {
    unread = true;
    go();
  };
  return {
    start: wake,
    wake,
    stop: async () => {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}

function nextTask(tasks: ReadonlyMap<string, RunningTask>): RunningTask | null {
  let next: RunningTask | null = null;
  for (const task of tasks.values()) if (next === null || task.notBefore < next.notBefore) next = task;
  return next;
}

const backoff = (failures: number): number => Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);

/** Takes one step of a task. @returns whether the task has ended */
async function advance(task: RunningTask, { work, clock, logger }: ReplayRunnerOptions): Promise<boolean> {
  try {
    if (!task.materialised) await work.materialise(task.id);
    task.materialised = true;
    const step = await work.step(task.id, stepLimit(task.ratePerSecond));
    task.failures = 0;
    task.notBefore = clock.monotonic() + pace(step, task.ratePerSecond);
    if (step.finished) logger.info({ taskId: task.id }, 'replay finished');
    return step.finished;
  } catch (error) {
    // Storage that is busy or full is a reason to wait, not to give the task up: an operator can cancel it.
    task.failures += 1;
    task.notBefore = clock.monotonic() + backoff(task.failures);
    logger.warn({ taskId: task.id, failures: task.failures, err: error }, 'replay step failed');
    return false;
  }
}

/** A step never makes more than a second's share due at once. */
const stepLimit = (rate: number | null): number =>
  rate === null ? STEP_LIMIT : Math.min(STEP_LIMIT, Math.max(1, Math.floor(rate)));

const pace = (step: ReplayStep, rate: number | null): number => (rate === null ? 0 : ((step.done + step.failed) / rate) * 1000);
