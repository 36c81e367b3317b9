import { useCallback, useState } from 'preact/hooks';
import { get, post, query as queryOf } from '../api/client.ts';
import type { Delivery, Page, ReplayFilter, Target, Task } from '../api/types.ts';
import { type EventTypes, learnTypes } from '../event-types.ts';
import { placeOf } from '../location.ts';
import { Action } from '../parts/action.tsx';
import { EventType, Foreign, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { answerStart, attemptWords, outlookWords } from '../words/delivery.ts';
import { BulkReplay } from './bulk-replay.tsx';
import { TaskProgress } from './task-progress.tsx';

const PAGE = 50;
const MOST = 200;

interface Seen {
  page: Page<Delivery>;
  targets: Target[];
  /** The last bulk replay, so that one that runs is seen again after a reload. */
  task: Task | null;
}

async function look(target: string, limit: number, types: EventTypes, signal: AbortSignal): Promise<Seen> {
  const [page, targets, tasks] = await Promise.all([
    get<Page<Delivery>>(`deliveries${queryOf({ status: 'dead', target, limit })}`, signal),
    get<Page<Target>>('targets', signal),
    get<Page<Task>>('tasks?limit=1', signal),
  ]);
  await learnTypes(types, page.data, signal);
  return { page, targets: targets.data, task: tasks.data[0] ?? null };
}

/** Deliveries that were given up, why, and how to get them going again. */
export function DeadLetters({ query }: { query: URLSearchParams }) {
  const target = query.get('target') ?? '';
  const [limit, setLimit] = useState(PAGE);
  const [types] = useState<EventTypes>(() => new Map());
  const load = useCallback((signal: AbortSignal) => look(target, limit, types, signal), [target, limit, types]);
  const { value, trouble, refresh } = usePolled(load);
  const [started, setStarted] = useState<string | null>(null);
  const filter: ReplayFilter = target === '' ? { status: 'dead' } : { status: 'dead', target };
  const running = value?.task?.status === 'running' || value?.task?.status === 'pending' ? value.task.id : null;
  const task = started ?? running;
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>Dead letters</h1>
        {value !== null && value.page.data.length > 0 && (
          <BulkReplay
            filter={filter}
            types={types}
            onStarted={(id) => {
              setStarted(id);
              refresh();
            }}
          />
        )}
      </div>
      <p class="muted">Deliveries whose attempts are used up, or that no further attempt could help.</p>
      <Trouble text={trouble} />
      {task !== null && <TaskProgress key={task} id={task} onEnd={refresh} />}
      {value !== null && value.targets.length > 1 && <TargetLinks targets={value.targets} chosen={target} />}
      {value !== null && value.page.data.length === 0 && (
        <p class="empty">
          {target === '' ? 'No dead letters.' : `No dead letters of ${target}.`} Everything is delivered or on its way.
        </p>
      )}
      {value !== null && value.page.data.length > 0 && (
        <DeadTable deliveries={value.page.data} types={types} onChange={refresh} />
      )}
      {value?.page.nextCursor != null && limit < MOST && (
        <button type="button" onClick={() => setLimit(MOST)}>
          Load more
        </button>
      )}
      {value?.page.nextCursor != null && limit === MOST && (
        <p class="muted">Older ones are not listed here. A bulk replay takes them too.</p>
      )}
    </>
  );
}

function TargetLinks({ targets, chosen }: { targets: readonly Target[]; chosen: string }) {
  const all = { name: '', label: 'All targets' };
  const links = [all, ...targets.map(({ name, counts }) => ({ name, label: `${name} (${counts.dead ?? 0})` }))];
  return (
    <nav class="chips" aria-label="Dead letters by target">
      {links.map(({ name, label }) => (
        <a key={name} href={placeOf(['dead-letters'], { target: name })} aria-current={name === chosen ? 'true' : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}

interface DeadTableProps {
  deliveries: readonly Delivery[];
  types: EventTypes;
  onChange: () => void;
}

/** In the order of the API, which is that of their beginning: a dead letter may be given up days after a later one. */
function DeadTable({ deliveries, types, onChange }: DeadTableProps) {
  return (
    <table class="list">
      <caption class="unseen">Dead letters, the newest deliveries first</caption>
      <thead>
        <tr>
          <th scope="col" class="col-time">
            Created
          </th>
          <th scope="col">Why</th>
          <th scope="col" class="col-route wide-only">
            Target
          </th>
          <th scope="col" class="col-action">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <DeadRow key={delivery.id} delivery={delivery} type={types.get(delivery.eventId)} onChange={onChange} />
        ))}
      </tbody>
    </table>
  );
}

interface DeadRowProps {
  delivery: Delivery;
  /** Undefined while it is not known. */
  type: string | null | undefined;
  onChange: () => void;
}

function DeadRow({ delivery, type, onChange }: DeadRowProps) {
  const { id, eventId, target, route, lastAttempt, finishedAt, createdAt } = delivery;
  const retry = async (): Promise<string> => {
    await post(`deliveries/${encodeURIComponent(id)}/retry`);
    onChange();
    return `It is delivered to ${target} again.`;
  };
  const said = answerStart(lastAttempt);
  return (
    <tr>
      <td class="figures">
        <Time at={createdAt} />
      </td>
      <td>
        <a href={placeOf(['events', eventId])}>{lastAttempt === null ? eventId : attemptWords(target, lastAttempt)}</a>
        {said !== '' && (
          <span class="small block">
            <Foreign text={said} />
          </span>
        )}
        <span class="muted small block">
          {type !== undefined && (
            <>
              <EventType type={type} /> ·{' '}
            </>
          )}
          {outlookWords(delivery)}
          {finishedAt !== null && (
            <>
              , <Time at={finishedAt} />
            </>
          )}{' '}
          · {route}
        </span>
      </td>
      <td class="wide-only clip">{target}</td>
      <td class="end">
        <Action run={retry} label={`Retry the delivery of ${eventId} to ${target}`}>
          Retry
        </Action>
      </td>
    </tr>
  );
}
