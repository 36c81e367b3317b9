import { Counter, type Registry } from 'prom-client';

export interface TaskMetrics {
  /** Items that one step of a task has handled. */
  items(kind: 'replay' | 'export', done: number, failed: number): void;
  /** What became of telling a task's end. */
  callback(result: 'told' | 'given_up'): void;
}

const KINDS = ['replay', 'export'] as const;
const RESULTS = ['told', 'given_up'] as const;

/** Rare enough for plain counters, which are shown from the start: an alert on their increase needs the zero before it. */
export function taskMetrics(registry: Registry): TaskMetrics {
  const registers = [registry];
  const items = new Counter({
    name: 'hookbay_task_items_total',
    help: 'Deliveries replayed and events exported by bulk tasks.',
    labelNames: ['kind', 'result'],
    registers,
  });
  const callbacks = new Counter({
    name: 'hookbay_task_callbacks_total',
    help: 'Ends of tasks told to their callbacks.',
    labelNames: ['result'],
    registers,
  });
  for (const kind of KINDS) for (const result of ['done', 'failed']) items.inc({ kind, result }, 0);
  for (const result of RESULTS) callbacks.inc({ result }, 0);
  return {
    items: (kind, done, failed) => {
      items.inc({ kind, result: 'done' }, done);
      items.inc({ kind, result: 'failed' }, failed);
    },
    callback: (result) => callbacks.inc({ result }),
  };
}
