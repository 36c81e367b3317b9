import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTaskRunner, type TaskRef, type TaskRunner, type TaskStep, type TaskWork } from '../../src/admin/task-runner.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { settled } from '../support/manual-clock.ts';

/** Time passes only by {@link pass}, timer by timer. */
class Timers implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; fire: () => void }>();

  now = (): number => this.#now;
  monotonic = (): number => this.#now;
  after = (delayMs: number, fire: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  get next(): number | null {
    return this.#timers.size === 0 ? null : Math.min(...[...this.#timers].map((timer) => timer.at));
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.fire();
    }
  }
}

/** Tasks with so many deliveries left; every call is written down. */
class Work implements TaskWork {
  readonly tasks = new Map<string, { left: number; ratePerSecond: number | null }>();
  readonly calls: string[] = [];
  readonly exports = new Set<string>();
  fault: Error | null = null;
  /** How long a step takes. */
  stepMs = 0;
  timers: Timers | null = null;
  /** While set, steps wait for it. */
  gate: Promise<void> | null = null;

  async open(): Promise<TaskRef[]> {
    if (this.fault !== null) throw this.fault;
    return [...this.tasks]
      .filter(([, task]) => task.left > 0)
      .map(([id, { ratePerSecond }]) => (this.exports.has(id) ? { kind: 'export', id } : { kind: 'replay', id, ratePerSecond }));
  }

  async materialise(id: string): Promise<void> {
    this.calls.push(`materialise ${id}`);
  }

  async step(id: string, limit: number): Promise<TaskStep> {
    this.calls.push(`step ${id} ${limit}`);
    await this.gate;
    if (this.fault !== null) throw this.fault;
    const task = this.tasks.get(id);
    if (task === undefined) throw new Error(`no task ${id}`);
    this.timers?.pass(this.stepMs);
    const done = Math.min(limit, task.left);
    task.left -= done;
    return { done, failed: 0, finished: task.left === 0 };
  }
}

describe('the task runner', () => {
  let timers: Timers;
  let work: Work;
  let runner: TaskRunner;
  let ended: number;
  let handled: string[];
  let warnings: number;

  const quiet = () => undefined;
  const exports: TaskWork = {
    materialise: async (id) => void work.calls.push(`materialise export ${id}`),
    step: (id, limit) => work.step(id, limit),
  };
  const make = (): TaskRunner => {
    const warn = () => {
      warnings += 1;
    };
    return createTaskRunner({
      open: () => work.open(),
      works: { replay: work, export: exports },
      ended: () => {
        ended += 1;
      },
      handled: (kind, done, failed) => void handled.push(`${kind} ${done} ${failed}`),
      clock: timers,
      logger: { debug: quiet, info: quiet, warn, error: quiet },
    });
  };
  beforeEach(() => {
    timers = new Timers();
    work = new Work();
    warnings = 0;
    ended = 0;
    handled = [];
    runner = make();
  });
  afterEach(() => runner.stop());

  it('takes up what an earlier run left, in steps of 100', async () => {
    work.tasks.set('task_1', { left: 250, ratePerSecond: null });
    runner.start();
    await vi.waitFor(() => expect(work.tasks.get('task_1')?.left).toBe(0));
    expect(work.calls).toEqual(['materialise task_1', 'step task_1 100', 'step task_1 100', 'step task_1 100']);
    await vi.waitFor(() => expect(ended).toBe(1));
  });

  it('lets tasks take turns', async () => {
    for (const id of ['a', 'b']) work.tasks.set(id, { left: 200, ratePerSecond: null });
    runner.start();
    await vi.waitFor(() => expect(work.tasks.get('b')?.left).toBe(0));
    expect(work.calls.filter((call) => call.startsWith('step'))).toEqual([
      'step a 100',
      'step b 100',
      'step a 100',
      'step b 100',
    ]);
  });

  it('paces a task without holding up another', async () => {
    work.tasks.set('slow', { left: 5, ratePerSecond: 2 });
    work.tasks.set('fast', { left: 300, ratePerSecond: null });
    runner.start();
    await vi.waitFor(() => expect(work.tasks.get('fast')?.left).toBe(0));
    expect(work.tasks.get('slow')?.left).toBe(4);
    expect(timers.next).toBe(500);
    timers.pass(499);
    expect(work.tasks.get('slow')?.left).toBe(4);
    timers.pass(1);
    await vi.waitFor(() => expect(work.tasks.get('slow')?.left).toBe(3));
    await vi.waitFor(() => expect(timers.next).toBe(1000));
  });

  it('gives each task to the work of its kind', async () => {
    work.tasks.set('file', { left: 150, ratePerSecond: null });
    work.exports.add('file');
    runner.start();
    await vi.waitFor(() => expect(work.tasks.get('file')?.left).toBe(0));
    expect(work.calls).toEqual(['materialise export file', 'step file 100', 'step file 100']);
    await vi.waitFor(() => expect(handled).toEqual(['export 100 0', 'export 50 0']));
  });

  it.each([3, 40, 250, 3_000])('keeps to %d a second, however long its steps take', async (rate) => {
    const left = 1_000_000;
    work.tasks.set('paced', { left, ratePerSecond: rate });
    work.stepMs = 7;
    work.timers = timers;
    runner.start();
    await settled();
    for (const seconds of [5, 10, 20]) {
      while (timers.now() < seconds * 1000) {
        timers.pass(Math.max((timers.next ?? Number.NaN) - timers.now(), 0));
        await settled();
      }
      const share = (left - (work.tasks.get('paced')?.left ?? 0)) / ((timers.now() / 1000) * rate);
      expect(Math.abs(share - 1)).toBeLessThan(seconds === 5 ? 0.08 : 0.05);
    }
  });

  it('paces less than one a second', async () => {
    work.tasks.set('slow', { left: 2, ratePerSecond: 1 / 60 });
    runner.start();
    await vi.waitFor(() => expect(timers.next).toBe(60_000));
    expect(work.tasks.get('slow')?.left).toBe(1);
  });

  it('notices a task that comes while it waits or works', async () => {
    runner.start();
    work.tasks.set('late', { left: 1, ratePerSecond: null });
    runner.wake();
    await vi.waitFor(() => expect(work.tasks.get('late')?.left).toBe(0));
    work.tasks.set('slow', { left: 2, ratePerSecond: 1 });
    runner.wake();
    await vi.waitFor(() => expect(timers.next).toBe(1000));
    work.tasks.set('third', { left: 1, ratePerSecond: null });
    runner.wake();
    await vi.waitFor(() => expect(work.tasks.get('third')?.left).toBe(0));
    expect(work.tasks.get('slow')?.left).toBe(1);
  });

  it('goes on after an error, later each time', async () => {
    work.tasks.set('a', { left: 1, ratePerSecond: null });
    runner.start();
    await vi.waitFor(() => expect(work.tasks.get('a')?.left).toBe(0));
    work.tasks.set('b', { left: 1, ratePerSecond: 0.001 });
    work.fault = new Error('disk full');
    runner.wake();
    await vi.waitFor(() => expect(timers.next).toBe(500));
    timers.pass(500);
    await vi.waitFor(() => expect(timers.next).toBe(1500));
    work.fault = null;
    timers.pass(1000);
    await vi.waitFor(() => expect(work.tasks.get('b')?.left).toBe(0));
    expect(warnings).toBe(2);
  });

  it('tries a failed step again', async () => {
    work.tasks.set('a', { left: 1, ratePerSecond: null });
    let open: () => void = quiet;
    work.gate = new Promise((resolve) => {
      open = resolve;
    });
    runner.start();
    await vi.waitFor(() => expect(work.calls).toContain('step a 100'));
    work.fault = new Error('disk full');
    open();
    await vi.waitFor(() => expect(timers.next).toBe(500));
    work.fault = null;
    timers.pass(500);
    await vi.waitFor(() => expect(work.tasks.get('a')?.left).toBe(0));
    expect(work.calls).toEqual(['materialise a', 'step a 100', 'step a 100']);
  });

  it('stops after the step that runs, and a later runner goes on', async () => {
    work.tasks.set('a', { left: 300, ratePerSecond: null });
    let open: () => void = quiet;
    work.gate = new Promise((resolve) => {
      open = resolve;
    });
    runner.start();
    await vi.waitFor(() => expect(work.calls).toContain('step a 100'));
    let stopped = false;
    const stop = runner.stop().then(() => {
      stopped = true;
    });
    await Promise.resolve();
    expect(stopped).toBe(false);
    open();
    await stop;
    expect(work.tasks.get('a')?.left).toBe(200);
    runner.wake();
    expect(timers.next).toBeNull();
    runner = make();
    runner.start();
    await vi.waitFor(() => expect(work.tasks.get('a')?.left).toBe(0));
  });
});
