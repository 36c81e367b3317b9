import { useMemo, useState } from 'preact/hooks';
import type { ReplayFilter, Target } from '../api/types.ts';
import { groupedDead } from '../dead-groups.ts';
import type { EventTypes } from '../event-types.ts';
import { placeOf } from '../location.ts';
import { Trouble } from '../parts/shown.tsx';
import { type DeadLettersSeen, useDeadLetters } from '../use-dead-letters.ts';
import { count } from '../words/figures.ts';
import { DiscardButton, DiscardProgress } from './bulk-discard.tsx';
import { BulkReplay } from './bulk-replay.tsx';
import { type DeadActs, DeadGroupCard } from './dead-group.tsx';
import { RetryFocused } from './retry-focused.tsx';
import { TaskProgress } from './task-progress.tsx';

/** Deliveries that were given up, why, and how to get them going again. */
export function DeadLetters({ query }: { query: URLSearchParams }) {
  const target = query.get('target') ?? '';
  const [types] = useState<EventTypes>(() => new Map());
  const { value, trouble, renew } = useDeadLetters(target, types);
  const [started, setStarted] = useState<string | null>(null);
  const [discarded, setDiscarded] = useState<readonly string[] | null>(null);
  const running = value?.task?.status === 'running' || value?.task?.status === 'pending' ? value.task.id : null;
  const task = started ?? running;
  const replayed = (id: string): void => {
    setStarted(id);
    renew();
  };
  const acts = { onReplayed: replayed, onDiscard: setDiscarded, onChange: renew };
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>Dead letters</h1>
        {value !== null && value.deliveries.length > 0 && <ForAll seen={value} target={target} types={types} {...acts} />}
      </div>
      <p class="muted">Deliveries whose attempts are used up, or that no further attempt could help.</p>
      <Trouble text={trouble} />
      {task !== null && <TaskProgress key={task} id={task} onEnd={renew} />}
      {discarded !== null && <DiscardProgress key={discarded[0]} ids={discarded} onEnd={renew} />}
      {value !== null && value.targets.length > 1 && <TargetLinks targets={value.targets} chosen={target} />}
      {value !== null && value.deliveries.length === 0 && (
        <p class="empty">
          {target === '' ? 'No dead letters.' : `No dead letters of ${target}.`} Everything is delivered or on its way.
        </p>
      )}
      {value !== null && <Groups seen={value} types={types} {...acts} />}
      <RetryFocused onRetried={renew} />
    </>
  );
}

function ForAll({ seen, target, types, onReplayed, onDiscard }: DeadActs & { seen: DeadLettersSeen; target: string }) {
  const filter: ReplayFilter = target === '' ? { status: 'dead' } : { status: 'dead', target };
  const ids = seen.deliveries.map(({ id }) => id);
  return (
    <div class="row">
      <DiscardButton
        ids={ids}
        label={seen.hasMore ? `Discard the newest ${count(ids.length)}` : 'Discard all'}
        onConfirmed={onDiscard}
      />
      <BulkReplay filter={filter} types={types} label="Replay all" tone="main" onStarted={onReplayed} />
    </div>
  );
}

function Groups({ seen, ...acts }: DeadActs & { seen: DeadLettersSeen }) {
  const groups = useMemo(() => groupedDead(seen.deliveries), [seen.deliveries]);
  return (
    <>
      {groups.map((group) => (
        <DeadGroupCard key={`${group.target}/${group.failure}`} group={group} isAlone={groups.length === 1} {...acts} />
      ))}
      {seen.hasMore && (
        <p class="muted">These are the newest {count(seen.deliveries.length)}. “Replay all” takes the older ones too.</p>
      )}
    </>
  );
}

function TargetLinks({ targets, chosen }: { targets: readonly Target[]; chosen: string }) {
  const all = { name: '', label: 'All targets' };
  const links = [all, ...targets.map(({ name, counts }) => ({ name, label: `${name} (${count(counts.dead ?? 0)})` }))];
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
