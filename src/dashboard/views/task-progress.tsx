import { useCallback, useEffect } from 'preact/hooks';
import { get, post } from '../api/client.ts';
import type { Task } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { usePolled } from '../polling.ts';
import { taskBar, taskWords } from '../words/task.ts';

const EVERY_MS = 1_000;

const ENDS: Record<Exclude<Task['status'], 'pending' | 'running'>, string> = {
  completed: 'The replay is complete',
  failed: 'The replay failed',
  cancelled: 'The replay was stopped',
};

/** How far a bulk replay is. */
export function TaskProgress({ id, onEnd }: { id: string; onEnd: () => void }) {
  const load = useCallback((signal: AbortSignal) => get<Task>(`tasks/${encodeURIComponent(id)}`, signal), [id]);
  const { value: task, refresh } = usePolled(load, EVERY_MS);
  const ended = task !== null && task.status !== 'pending' && task.status !== 'running';
  useEffect(() => {
    if (ended) onEnd();
  }, [ended, onEnd]);
  if (task === null) return null;
  const { status } = task;
  const stop = async (): Promise<string> => {
    await post(`tasks/${encodeURIComponent(id)}/cancel`);
    refresh();
    return 'The replay is stopped; what it has done stays.';
  };
  return (
    <section class="card task" aria-label="Bulk replay">
      <div class="row between">
        <p>
          {/* The figures change every second: only begin and end are said. */}
          <span role="status">{status === 'pending' || status === 'running' ? 'Replaying' : ENDS[status]}</span>:{' '}
          {taskWords(task)}.
        </p>
        {!ended && <Action run={stop}>Stop</Action>}
      </div>
      <progress {...taskBar(task)} aria-label="Progress" />
    </section>
  );
}
