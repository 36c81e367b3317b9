import { useEffect, useState } from 'preact/hooks';
import { ApiProblem, query, wordsOf } from '../api/client.ts';
import { lines } from '../api/lines.ts';
import type { ListedEvent } from '../api/types.ts';
import { conditionsOf, type EventsFilter } from '../events-filter.ts';
import { clock, count, counted } from '../words/figures.ts';
import { EventsTable } from './events-table.tsx';

type Line =
  | { kind: 'event'; event: ListedEvent }
  | { kind: 'progress'; scanned: number; found: number; reachedAt: string | null }
  | { kind: 'end'; scanned: number; found: number; complete: boolean };

type End =
  | { kind: 'complete' }
  | { kind: 'enough' }
  | { kind: 'cancelled' }
  | { kind: 'off'; why: string }
  | { kind: 'failed'; why: string };

interface Search {
  found: readonly ListedEvent[];
  scanned: number;
  /** How far back it came. */
  reachedAt: string | null;
  end: End | null;
}

/** More than this is no search any more. */
const MOST_FOUND = 500;

const BEGUN: Search = { found: [], scanned: 0, reachedAt: null, end: null };

function withLine(search: Search, line: Line): Search {
  switch (line.kind) {
    case 'event':
      return { ...search, found: [...search.found, line.event] };
    case 'progress':
      return { ...search, scanned: line.scanned, reachedAt: line.reachedAt ?? search.reachedAt };
    case 'end':
      return { ...search, scanned: line.scanned, end: { kind: line.complete ? 'complete' : 'enough' } };
    default:
      return line satisfies never;
  }
}

/** Looks into bodies, newest first, and shows what is found as it is found. */
export function BodySearch({ filter }: { filter: EventsFilter }) {
  const { search, cancel } = useSearch(filter);
  const { found, end } = search;
  return (
    <section aria-label="Search in bodies">
      <div class="row between">
        <p class="progress-words">
          {searchWords(search)} {found.length > 0 && <b>{counted(found.length, 'event')} found.</b>}
        </p>
        {end === null && (
          <button type="button" onClick={cancel}>
            Cancel the search
          </button>
        )}
      </div>
      {end === null && <progress aria-label="The search is running" />}
      <p role="status" class="unseen">
        {end === null ? 'Searching in bodies' : `${searchWords(search)} ${counted(found.length, 'event')} found.`}
      </p>
      {found.length > 0 && <EventsTable events={found} caption="Events whose bodies match, newest first" />}
      {found.length === 0 && end?.kind === 'complete' && <p class="empty">No body holds this.</p>}
    </section>
  );
}

/** `Looked at 12,300 events, back to 14:03:20.` */
function searchWords({ scanned, reachedAt, end }: Search): string {
  const back = reachedAt === null ? '' : `, back to ${clock(reachedAt)}`;
  const looked = `ooked at ${counted(scanned, 'event')}`;
  switch (end?.kind) {
    case undefined:
      return scanned === 0 ? 'Beginning with the newest events.' : `L${looked}${back}.`;
    case 'complete':
      return `L${looked}: all that match the other filters.`;
    case 'enough':
      return `Stopped after ${count(MOST_FOUND)}; l${looked}. Narrow the time or the route to see others.`;
    case 'cancelled':
      return `Cancelled. L${looked}${back}.`;
    case 'off':
      return `This relay does not search in bodies. ${end.why}`;
    case 'failed':
      return `The search broke off. ${end.why}`;
    default:
      return end satisfies never;
  }
}

function useSearch(filter: EventsFilter): { search: Search; cancel: () => void } {
  const key = JSON.stringify(filter);
  const [state, setState] = useState<{ of: string; search: Search }>({ of: key, search: BEGUN });
  const [running, setRunning] = useState<AbortController | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    setRunning(ended);
    let search = BEGUN;
    let frame = 0;
    // Once a frame, however many lines there are.
    const show = (): void => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        setState({ of: key, search });
      });
    };
    const run = async (): Promise<void> => {
      const asked = query({ ...conditionsOf(filter, Date.now()), body: filter.body, limit: MOST_FOUND });
      for await (const line of lines<Line>(`search${asked}`, ended.signal)) {
        search = withLine(search, line);
        show();
      }
      if (search.end === null) throw new Error('The relay ended the answer.');
    };
    const over = (end: End): void => {
      search = { ...search, end };
      show();
    };
    show();
    run().catch((error: unknown) => {
      if (ended.signal.aborted) over({ kind: 'cancelled' });
      else if (error instanceof ApiProblem && error.code === 'body_search_off') over({ kind: 'off', why: error.message });
      else over({ kind: 'failed', why: wordsOf(error) });
    });
    return () => {
      ended.abort();
      cancelAnimationFrame(frame);
      frame = -1; // nobody looks any more
    };
  }, [key]);
  return { search: state.of === key ? state.search : BEGUN, cancel: () => running?.abort() };
}
