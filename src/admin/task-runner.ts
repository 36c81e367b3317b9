import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';

/** A task that is not finished. */
export type TaskRef =
  /** `ratePerSecond`: deliveries, or null for as fast as it goes. */
  { kind: 'replay'; id: string; ratePerSecond: number | null } | { kind: 'export'; id: string };

export interface TaskStep {
  /** Items handled in this step, and how many of the matched ones could not be. */
  done: number;
  failed: number;
  /** Nothing is left, or the task has ended otherwise. */
  finished: boolean;
}

/** The work of one kind of task. Its position is stored with what it has done: a restart neither skips nor repeats. */
export interface TaskWork {
  /** Fixes the set that the task will touch, if that has not been done. */
  materialise(taskId: string): Promise<void>;
  /** Handles at most `limit` items. What it rejects with is a reason to wait, not to give the task up. */
  step(taskId: string, limit: number): Promise<TaskStep>;
}

export interface TaskRunnerOptions {
  /** All tasks that are pending or running, oldest first. */
  open(): Promise<TaskRef[]>;
  works: Record<TaskRef['kind'], TaskWork>;
  /** A task has ended. */
  ended(): void;
  /** Told of what each step has handled. Must not throw. */
  handled(kind: TaskRef['kind'], done: number, failed: number): void;
  clock: Clock;
  logger: Logger;
}

/** Carries out tasks, step by step. */
export interface TaskRunner {
  /** Begins with the tasks that an earlier run left unfinished. */
  start(): void;
  /** There may be a new task. */
  wake(): void;
  /** Resolves when the step that runs has ended; the rest goes on at the next start. */
  stop(): Promise<void>;
}

/** Items per step: few enough that the writer is never held for long. */
const STEP_LIMIT = 100;
/** A paced step makes due what this time allows: a whole second's share at once would be a burst for slow targets. */
const PACED_STEP_MS = 100;
/** A pace that was not kept, because commits were slow or others had their turn, is made up for; what is older than this is not. */
const CATCH_UP_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

interface RunningTask {
  ref: TaskRef;
  materialised: boolean;
  /** Monotonic ms before which it takes no further step; null before the first. */
  notBefore: number | null;
  failures: number;
}

/** One step at a time, tasks in turn: a task that is paced slowly does not hold up another. */
export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const { clock, logger } = options;
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
      for (const ref of await options.open()) {
        if (!tasks.has(ref.id)) tasks.set(ref.id, { ref, materialised: false, notBefore: null, failures: 0 });
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
      const wait = (task.notBefore ?? 0) - clock.monotonic();
      if (wait > 0) {
        later(wait);
        return;
      }
      // Set again at the end of the map: tasks take turns.
      tasks.delete(task.ref.id);
      if (await advance(task, options)) options.ended();
      else tasks.set(task.ref.id, task);
    }
  };

  function go(): void {
    cancelTimer();
    if (stopped || running !== null) return;
    running = run()
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'tasks not read');
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
  for (const task of tasks.values()) if (next === null || (task.notBefore ?? 0) < (next.notBefore ?? 0)) next = task;
  return next;
}

const backoff = (failures: number): number => Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);

/** Takes one step of a task. @returns whether the task has ended */
async function advance(task: RunningTask, { works, handled, clock, logger }: TaskRunnerOptions): Promise<boolean> {
  const { kind, id } = task.ref;
  const work = works[kind];
  const rate = task.ref.kind === 'replay' ? task.ref.ratePerSecond : null;
  try {
    if (!task.materialised) await work.materialise(id);
    task.materialised = true;
    const began = clock.monotonic();
    const step = await work.step(id, stepLimit(rate));
    // The pace counts from when the step was to be taken, not from its end: what a commit takes must not slow it down.
    const from = Math.max(task.notBefore ?? began, began - CATCH_UP_MS);
    task.notBefore = rate === null ? clock.monotonic() : from + ((step.done + step.failed) / rate) * 1000;
    task.failures = 0;
    handled(kind, step.done, step.failed);
    if (step.finished) logger.info({ taskId: id, kind }, 'task ended');
    return step.finished;
  } catch (error) {
    // Storage that is busy or full is a reason to wait, not to give the task up: an operator can cancel it.
    task.failures += 1;
    task.notBefore = clock.monotonic() + backoff(task.failures);
    logger.warn({ taskId: id, kind, failures: task.failures, err: error }, 'task step failed');
    return false;
  }
}

const stepLimit = (rate: number | null): number =>
  rate === null ? STEP_LIMIT : Math.min(STEP_LIMIT, Math.max(1, Math.floor((rate * PACED_STEP_MS) / 1000)));
