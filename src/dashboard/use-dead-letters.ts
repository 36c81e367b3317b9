import { useCallback, useRef } from 'preact/hooks';
import { get, query } from './api/client.ts';
import type { Delivery, Page, Target, Task } from './api/types.ts';
import { type EventTypes, learnTypes } from './event-types.ts';
import { usePolled } from './polling.ts';

/** What is looked at; a bulk replay by filter takes those beyond too. */
const MOST = 1_000;
const PAGE = 200;
/** With an unchanged number of dead letters they are read again this seldom: they carry the answers of targets. */
const READ_AGAIN_MS = 15_000;

export interface DeadLettersSeen {
  deliveries: Delivery[];
  /** There are others beyond those. */
  hasMore: boolean;
  targets: Target[];
  /** The last bulk replay, so that one that runs is seen again after a reload. */
  task: Task | null;
}

async function readDead(target: string, signal: AbortSignal): Promise<Pick<DeadLettersSeen, 'deliveries' | 'hasMore'>> {
  const deliveries: Delivery[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Delivery> = await get(`deliveries${query({ status: 'dead', target, limit: PAGE, cursor })}`, signal);
    deliveries.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null && deliveries.length < MOST);
  return { deliveries, hasMore: cursor !== null };
}

/** The dead letters of a target, or of all. */
export function useDeadLetters(target: string, types: EventTypes) {
  const last = useRef<{ of: string; at: number; dead: Awaited<ReturnType<typeof readDead>> } | null>(null);
  const load = useCallback(
    async (signal: AbortSignal): Promise<DeadLettersSeen> => {
      const [targets, tasks] = await Promise.all([
        get<Page<Target>>('targets', signal),
        get<Page<Task>>('tasks?limit=1', signal),
      ]);
      const of = JSON.stringify([target, targets.data.map(({ counts }) => counts.dead)]);
      const before = last.current;
      const isFresh = before !== null && before.of === of && performance.now() - before.at < READ_AGAIN_MS;
      const dead = isFresh ? before.dead : await readDead(target, signal);
      if (!isFresh) {
        last.current = { of, at: performance.now(), dead };
        await learnTypes(types, dead.deliveries, signal);
      }
      return { ...dead, targets: targets.data, task: tasks.data[0] ?? null };
    },
    [target, types],
  );
  const { value, trouble, refresh } = usePolled(load);
  const renew = useCallback(() => {
    last.current = null;
    refresh();
  }, [refresh]);
  return { value, trouble, renew };
}
