import { useCallback } from 'preact/hooks';
import { get, post } from '../api/client.ts';
import type { Page, Task } from '../api/types.ts';
import { Action } from '../parts/action.tsx';
import { Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { taskBar, taskTone, taskWords } from '../words/task.ts';

const SHOWN = 50;

const KINDS: Record<string, string> = { replay: 'Bulk replay', export: 'Export' };

const isOpen = ({ status }: Task): boolean => status === 'pending' || status === 'running';

/** Work that goes on by itself: how far it is, and its brake. */
export function Tasks() {
  const load = useCallback((signal: AbortSignal) => get<Page<Task>>(`tasks?limit=${SHOWN}`, signal), []);
  const { value, trouble, refresh } = usePolled(load);
  return (
    <>
      <h1 tabIndex={-1}>Tasks</h1>
      <p class="muted">Bulk work that goes on by itself, also over a restart.</p>
      <Trouble text={trouble} />
      {value !== null && value.data.length === 0 && (
        <p class="empty">
          There is no task. A bulk replay starts one: see <a href="#/dead-letters">dead letters</a>.
        </p>
      )}
      {value !== null && value.data.length > 0 && (
        <ul class="stack">
          {value.data.map((task) => (
            <TaskItem key={task.id} task={task} onChange={refresh} />
          ))}
        </ul>
      )}
      {value?.nextCursor != null && <p class="muted">The newest {SHOWN} are shown.</p>}
    </>
  );
}

function TaskItem({ task, onChange }: { task: Task; onChange: () => void }) {
  const { id, kind, status, createdAt, finishedAt, resultUrl, error } = task;
  const name = KINDS[kind] ?? kind;
  const stop = async (): Promise<string> => {
    await post(`tasks/${encodeURIComponent(id)}/cancel`);
    onChange();
    return 'It is stopped; what it has done stays.';
  };
  return (
    <li class="card task">
      <div class="row between">
        <h2 class="plain">{name}</h2>
        <span class={`state tone-${taskTone(task)}`}>{status}</span>
      </div>
      <progress {...taskBar(task)} aria-label={`Progress of ${name}`} />
      <div class="row between">
        <p class="figures">
          {taskWords(task)}
          {error !== null && <span class="said-dead block">{error.message}</span>}
          <span class="muted small block">
            Started <Time at={createdAt} />
            {finishedAt !== null && (
              <>
                , ended <Time at={finishedAt} />
              </>
            )}{' '}
            · <code>{id}</code>
          </span>
        </p>
        <span class="row">
          {resultUrl !== null && (
            <a class="button" href={resultUrl.replace(/^\//, '')} download>
              Download
            </a>
          )}
          {isOpen(task) && (
            <Action
              label={`Stop ${id}`}
              run={stop}
              ask={{
                title: 'Stop this task?',
                text: 'What it has done stays; the rest is left as it is. It cannot be taken up again.',
              }}
            >
              Stop
            </Action>
          )}
        </span>
      </div>
    </li>
  );
}
