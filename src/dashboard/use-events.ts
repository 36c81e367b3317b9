import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { wordsOf } from './api/client.ts';
import { EventsFeed, type FeedState } from './events-feed.ts';
import type { EventsFilter } from './events-filter.ts';
import { useTell } from './parts/notices.tsx';

/** Below this the reader is still at the top, and new rows may come in by themselves. */
const TOP_PX = 40;
/** How soon after the reader has left off what waits comes in. */
const SETTLE_MS = 500;

const EMPTY: FeedState = { list: null, trouble: null, live: 'connecting', isSearching: false };

/** A finger leaves the row that it touched in the state of being pointed at. */
const canPoint = (): boolean => window.matchMedia('(hover: hover)').matches;

function isInUse(table: HTMLElement | null): boolean {
  if (window.scrollY > TOP_PX) return true;
  return table !== null && (table.matches(':focus-within') || (canPoint() && table.matches(':hover')));
}

export interface Events {
  state: FeedState;
  show(): void;
  older(): void;
}

/**
 * The events that a filter matches, as they come; none without a filter.
 * @param table what is read: while somebody points at it nothing moves
 */
export function useEvents(filter: EventsFilter | null, table: RefObject<HTMLElement | null>, isPaused: boolean): Events {
  const key = JSON.stringify(filter);
  const [state, setState] = useState<{ of: string; state: FeedState }>({ of: key, state: EMPTY });
  const feed = useRef<EventsFeed | null>(null);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  const tell = useTell();
  useEffect(() => {
    if (filter === null) return;
    const opened = new EventsFeed(filter, {
      changed: (next) => setState({ of: key, state: next }),
      isReading: () => paused.current || isInUse(table.current),
    });
    feed.current = opened;
    const timer = setInterval(() => opened.settle(), SETTLE_MS);
    return () => {
      clearInterval(timer);
      opened.close();
    };
    // The key says all that the filter does.
  }, [key]);
  const failed = (error: unknown): void => tell(wordsOf(error), 'bad');
  return {
    state: state.of === key ? state.state : EMPTY,
    show: () => void feed.current?.show().catch(failed),
    older: () => void feed.current?.older().catch(failed),
  };
}
