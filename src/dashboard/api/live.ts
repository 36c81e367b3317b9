import { countsOf } from '../events-list.ts';
import { query } from './client.ts';
import type { DeliveryNews, ListedEvent, StreamedEvent } from './types.ts';

export interface LiveNews {
  events: ListedEvent[];
  deliveries: DeliveryNews[];
  /** Something happened that was not told: look for yourself. */
  missed: boolean;
}

export interface LiveOptions {
  /** `route`, `type` and `q`. */
  conditions: Record<string, string>;
  /** Id of the event to begin after, or null to begin with the first one that is stored. */
  after: string | null;
  /** Called at most once a frame, with all that came since. */
  heard: (news: LiveNews) => void;
  changed: (state: LiveState) => void;
}

/** `refused`: the relay does not let it be opened again by itself. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'refused';

/** Often enough to look alive, seldom enough to be read. */
const FLUSH_MS = 200;
/** Past this it is cheaper to ask for a page than to go on. A hidden page gets no frames. */
const MOST_BUFFERED = 4_000;

const listed = ({ deliveries, ...event }: StreamedEvent): ListedEvent => ({
  ...event,
  statuses: countsOf(deliveries.map(({ status }) => status)),
  known: Object.fromEntries(deliveries.map(({ id, status }) => [id, status])),
});

const nothing = (): LiveNews => ({ events: [], deliveries: [], missed: false });

/** Hears what happens in the relay, and goes on by itself when the connection was lost. @returns what ends it */
export function listen({ conditions, after, heard, changed }: LiveOptions): () => void {
  const start = after === null ? { from: '1970-01-01T00:00:00Z' } : { after };
  const source = new EventSource(`api/v1/stream${query({ ...conditions, ...start })}`);
  let news = nothing();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let frame = 0;
  let wasLost = false;
  const flush = (): void => {
    timer = null;
    const told = news;
    news = nothing();
    heard(told);
  };
  const gather = (): void => {
    timer ??= setTimeout(() => {
      frame = requestAnimationFrame(flush);
    }, FLUSH_MS);
    if (news.events.length + news.deliveries.length > MOST_BUFFERED) news = { ...nothing(), missed: true };
  };
  const on = (name: string, take: (data: string) => void): void =>
    source.addEventListener(name, (message) => {
      take((message as MessageEvent<string>).data);
      gather();
    });
  on('event', (data) => news.events.push(listed(JSON.parse(data) as StreamedEvent)));
  on('delivery', (data) => news.deliveries.push(JSON.parse(data) as DeliveryNews));
  on('missed', () => {
    news.missed = true;
  });
  source.onopen = () => {
    changed('live');
    // Events go on where they were; what became of deliveries meanwhile was not told.
    if (wasLost) news.missed = true;
    if (wasLost) gather();
    wasLost = false;
  };
  source.onerror = () => {
    wasLost = true;
    changed(source.readyState === EventSource.CLOSED ? 'refused' : 'lost');
  };
  return () => {
    source.close();
    if (timer !== null) clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}
