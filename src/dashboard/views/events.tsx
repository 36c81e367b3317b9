import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api/client.ts';
import type { LiveState } from '../api/live.ts';
import type { Page, Route, ShownConfig } from '../api/types.ts';
import { type EventsFilter, filterOf, isEmptyFilter } from '../events-filter.ts';
import { type EventsList, MOST_WAITING } from '../events-list.ts';
import { useMayAct } from '../identity.ts';
import { focusedRow, useKey } from '../keys.ts';
import { Trouble } from '../parts/shown.tsx';
import { useEvents } from '../use-events.ts';
import { publicAddress } from '../words/curl.ts';
import { count, counted } from '../words/figures.ts';
import { BodySearch } from './body-search.tsx';
import { EventFilters } from './event-filters.tsx';
import { EventsTable } from './events-table.tsx';
import { FirstSteps } from './first-steps.tsx';
import { ReplayDialog } from './replay-dialog.tsx';

/** Events, newest first, as they come. Rows come in by themselves only while nobody reads. */
export function Events({ query }: { query: URLSearchParams }) {
  const filter = filterOf(query);
  const isSearch = filter.body !== '';
  const table = useRef<HTMLDivElement>(null);
  const [isPaused, setPaused] = useState(false);
  const { state, show, older } = useEvents(isSearch ? null : filter, table, isPaused);
  const { list, trouble, live, isSearching } = state;
  const showAll = (): void => {
    window.scrollTo(0, 0);
    show();
  };
  return (
    <>
      <div class="row between">
        <h1 tabIndex={-1}>Events</h1>
        <div class="row live-bar">
          {list !== null && list.waiting.length > 0 && (
            <button type="button" class="main" onClick={showAll}>
              {waitingWords(list)}
            </button>
          )}
          {!isSearch && <LiveMark state={live} isPaused={isPaused} />}
          {!isSearch && (
            <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
              Pause
            </button>
          )}
        </div>
      </div>
      {/* Said once, not with every event. */}
      <p role="status" class="unseen">
        {list !== null && list.waiting.length > 0 && 'New events wait to be shown.'}
      </p>
      <EventFilters filter={filter} />
      <Trouble text={trouble} />
      {isSearch ? <BodySearch filter={filter} /> : <div ref={table}>{list !== null && <Rows list={list} older={older} />}</div>}
      {isSearching && (
        <p role="status" class="muted">
          Searching further back …
        </p>
      )}
      {list !== null && list.shown.length === 0 && !isSearching && <NoEvents filter={filter} isSearched={!list.hasOlder} />}
      {list?.hasOlder === true && !isSearching && (
        <button type="button" onClick={older}>
          {list.shown.length === 0 ? 'Search further back' : 'Load more'}
        </button>
      )}
      <ReplayFocused />
    </>
  );
}

const Rows = ({ list, older }: { list: EventsList; older: () => void }) =>
  list.shown.length === 0 ? null : (
    <EventsTable events={list.shown} caption="Events, newest first" hasOlder={list.hasOlder} onNearEnd={older} />
  );

/** Asks where the event goes that has the focus. */
function ReplayFocused() {
  const [id, setId] = useState<string | null>(null);
  const mayAct = useMayAct();
  useKey('r', 'Replay the event that has the focus', () => {
    if (mayAct) setId(focusedRow()?.closest('tr')?.dataset.id ?? null);
  });
  return id === null ? null : <ReplayDialog id={id} onClose={() => setId(null)} onReplayed={() => {}} />;
}

function waitingWords({ waiting, hasGap }: EventsList): string {
  return hasGap
    ? `Show more than ${count(Math.min(waiting.length, MOST_WAITING))} new events`
    : `Show ${counted(waiting.length, 'new event')}`;
}

const LIVE_WORDS: Record<LiveState, string> = {
  connecting: '',
  live: 'Live',
  lost: 'Connecting again …',
  refused: 'Connecting again …',
};

function LiveMark({ state, isPaused }: { state: LiveState; isPaused: boolean }) {
  if (isPaused) return <span class="live live-paused">Paused</span>;
  return <span class={`live live-${state}`}>{LIVE_WORDS[state]}</span>;
}

function NoEvents({ filter, isSearched }: { filter: EventsFilter; isSearched: boolean }) {
  const [start, setStart] = useState<{ route: Route | undefined; base: string } | null>(null);
  const isFiltered = !isEmptyFilter(filter);
  useEffect(() => {
    if (isFiltered) return;
    const ended = new AbortController();
    Promise.all([get<Page<Route>>('routes', ended.signal), get<ShownConfig>('config', ended.signal)]).then(
      ([routes, config]) => setStart({ route: routes.data[0], base: publicAddress(config) }),
      () => setStart(null), // The list itself says what is wrong.
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
