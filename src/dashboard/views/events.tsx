import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get, query as queryOf, wordsOf } from '../api/client.ts';
import type { ListedEvent, Page, Route, ShownConfig } from '../api/types.ts';
import { type EventsList, listOf, takenOver, withNewest, withOlder } from '../events-list.ts';
import { placeOf } from '../location.ts';
import { useTell } from '../parts/notices.tsx';
import { EventType, Statuses, Time, Trouble } from '../parts/shown.tsx';
import { usePolled } from '../polling.ts';
import { publicAddress } from '../words/curl.ts';
import { counted } from '../words/figures.ts';
import { EventFilters, type EventsFilter, filterOf, isEmptyFilter } from './event-filters.tsx';
import { FirstSteps } from './first-steps.tsx';

const PAGE = 50;

/** Below this the reader is still at the top, and new rows may come in by themselves. */
const TOP_PX = 40;

/** Events, newest first. Rows come in by themselves only while nobody points at them. */
export function Events({ query }: { query: URLSearchParams }) {
  const filter = filterOf(query);
  const { list, trouble, show, more } = useEvents(filter);
  const table = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const isInUse = window.scrollY > TOP_PX || table.current?.matches(':hover, :focus-within') === true;
    if (list !== null && list.next !== null && !isInUse) show();
  }, [list, show]);
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>Events</h1>
        <div role="status" class="waiting">
          {list !== null && list.next !== null && (
            <button type="button" class="main" onClick={show}>
              {waitingWords(list.next)}
            </button>
          )}
        </div>
      </div>
      <EventFilters filter={filter} />
      <Trouble text={trouble} />
      {list !== null && list.shown.length > 0 && (
        <div ref={table}>
          <EventsTable events={list.shown} />
        </div>
      )}
      {list !== null && list.shown.length === 0 && <NoEvents filter={filter} isSearched={list.nextCursor === null} />}
      {list?.nextCursor != null && (
        <button type="button" onClick={() => void more()}>
          {list.shown.length === 0 ? 'Search further back' : 'Load more'}
        </button>
      )}
    </>
  );
}

function waitingWords({ arrived, hasGap }: { arrived: number; hasGap: boolean }): string {
  if (arrived === 0) return 'Bring the list up to date';
  return hasGap ? `Show more than ${arrived} new events` : `Show ${counted(arrived, 'new event')}`;
}

function useEvents(filter: EventsFilter) {
  const conditions = queryOf({ ...filter, limit: PAGE });
  const load = useCallback((signal: AbortSignal) => get<Page<ListedEvent>>(`events${conditions}`, signal), [conditions]);
  const { value, trouble } = usePolled(load);
  const [state, setState] = useState<{ of: string; list: EventsList } | null>(null);
  const tell = useTell();
  const change = useCallback(
    (next: (list: EventsList) => EventsList) => setState((last) => (last === null ? last : { ...last, list: next(last.list) })),
    [],
  );
  useEffect(() => {
    if (value === null) return;
    setState((last) => ({
      of: conditions,
      list: last?.of === conditions ? withNewest(last.list, value) : listOf(value),
    }));
  }, [value, conditions]);
  const list = state?.of === conditions ? state.list : null;
  const cursor = list?.nextCursor ?? null;
  const more = async (): Promise<void> => {
    try {
      const page = await get<Page<ListedEvent>>(`events${queryOf({ ...filter, limit: PAGE, cursor })}`);
      change((present) => withOlder(present, page));
    } catch (error) {
      tell(wordsOf(error), 'bad');
    }
  };
  const show = useCallback(() => change(takenOver), [change]);
  return { list, trouble, show, more };
}

function EventsTable({ events }: { events: readonly ListedEvent[] }) {
  return (
    <table class="list">
      <caption class="unseen">Events, newest first</caption>
      <thead>
        <tr>
          <th scope="col" class="col-time">
            Received
          </th>
          <th scope="col">Type</th>
          <th scope="col" class="col-route wide-only">
            Route
          </th>
          <th scope="col" class="col-status">
            Deliveries
          </th>
        </tr>
      </thead>
      <tbody>
        {events.map(({ id, type, route, receivedAt, statuses, duplicates }) => (
          <tr key={id}>
            <td class="figures">
              <Time at={receivedAt} />
            </td>
            <td class="clip">
              <a href={placeOf(['events', id])}>
                <EventType type={type} />
              </a>
              <span class="muted small narrow-only">{route}</span>
              {duplicates > 0 && <span class="muted small"> and {counted(duplicates, 'duplicate')}</span>}
            </td>
            <td class="wide-only clip">{route}</td>
            <td>
              <Statuses counts={statuses} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NoEvents({ filter, isSearched }: { filter: EventsFilter; isSearched: boolean }) {
  const [start, setStart] = useState<{ route: Route | undefined; base: string } | null>(null);
  const isFiltered = !isEmptyFilter(filter);
  useEffect(() => {
    if (isFiltered) return;
    const ended = new AbortController();
    Promise.all([get<Page<Route>>('routes', ended.signal), get<ShownConfig>('config', ended.signal)]).then(
      ([routes, config]) => setStart({ route: routes.data[0], base: publicAddress(config) }),
      () => setStart(null), // The list's own poll says what is wrong.
    );
    return () => ended.abort();
  }, [isFiltered]);
  if (isFiltered) {
    return (
      <p class="empty">
        {isSearched ? 'No event matches. ' : 'No match among the newest events. '}
        <a href="#/events">Show all events</a>
      </p>
    );
  }
  return start === null ? <p class="empty">Nothing has arrived yet.</p> : <FirstSteps {...start} />;
}
