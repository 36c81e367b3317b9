import type { DeliveryNews, ListedEvent, Page } from './api/types.ts';

/** A list that changes while somebody reads it. */
export interface EventsList {
  /** Newest first. */
  shown: readonly ListedEvent[];
  /** Came since, newest first. Shown when that does not disturb. */
  waiting: readonly ListedEvent[];
  /** More came than is kept: there are others between what waits and what is shown. */
  hasGap: boolean;
  /** Older ones have not been asked for. */
  hasOlder: boolean;
  /** Where the older ones go on; null when that is told by the last row's time (see {@link olderThan}). */
  nextCursor: string | null;
}

/** What is kept of new rows while somebody reads; past it the list is asked for again. */
export const MOST_WAITING = 2_000;
/** What is kept of a list that runs by itself; older rows can be asked for again. */
export const MOST_LIVE = 2_000;

export const listOf = ({ data, nextCursor }: Page<ListedEvent>): EventsList => ({
  shown: data,
  waiting: [],
  hasGap: false,
  hasOlder: nextCursor !== null,
  nextCursor,
});

/** Takes in events that came, in any order; those that are known are brought up to date in their places. */
export function withArrived(list: EventsList, arrived: readonly ListedEvent[]): EventsList {
  const fresh = new Map(arrived.map((event) => [event.id, event]));
  if (fresh.size === 0) return list;
  const update = (rows: readonly ListedEvent[]): readonly ListedEvent[] => replaced(rows, fresh);
  const [shown, waiting] = [update(list.shown), update(list.waiting)];
  if (fresh.size === 0) return { ...list, shown, waiting };
  const all = [...fresh.values(), ...waiting].sort(newestFirst);
  return { ...list, shown, waiting: all.slice(0, MOST_WAITING), hasGap: list.hasGap || all.length > MOST_WAITING };
}

/** Puts what is known into its place and takes it out of `fresh`. The same rows come back when none was. */
function replaced(rows: readonly ListedEvent[], fresh: Map<string, ListedEvent>): readonly ListedEvent[] {
  let changed: ListedEvent[] | null = null;
  const oldest = oldestOf([...fresh.keys()]);
  for (let at = 0; at < rows.length && fresh.size > 0; at += 1) {
    const { id } = rows[at] as ListedEvent;
    if (id < oldest) break;
    const event = fresh.get(id);
    if (event === undefined) continue;
    changed ??= [...rows];
    changed[at] = event;
    fresh.delete(id);
  }
  return changed ?? rows;
}

/** Ids sort by time: nothing older than this needs a look. */
const oldestOf = (ids: readonly string[]): string => ids.reduce((a, b) => (a < b ? a : b), '\uffff');

/**
 * Takes in a newly asked first page: known rows are brought up to date, those that no longer match go when nobody reads.
 * @param isRead whether somebody reads, so that nothing may move
 */
export function withNewest(list: EventsList, page: Page<ListedEvent>, isRead: boolean): EventsList {
  // Nothing was found yet in the time that there was: older matches are no news.
  if (page.data.length === 0 && page.nextCursor !== null) return list;
  if (list.shown.length === 0) return listOf(page);
  const known = new Set([...list.shown, ...list.waiting].map(({ id }) => id));
  // Nothing of a full page is known: between it and what is shown there may be others.
  if (page.nextCursor !== null && !page.data.some(({ id }) => known.has(id))) {
    return { ...list, waiting: page.data, hasGap: true };
  }
  const next = withArrived(list, page.data);
  if (isRead) return next;
  const matching = new Set(page.data.map(({ id }) => id));
  // The page tells of everything down to its last one.
  const bottom = page.nextCursor === null ? '' : (page.data.at(-1)?.id ?? '');
  return { ...next, shown: next.shown.filter(({ id }) => id < bottom || matching.has(id)) };
}

export const newestFirst = (a: ListedEvent, b: ListedEvent): number => (a.id < b.id ? 1 : -1);

/** Shows what waits, at the top, where the reader is then. Not for a list with a gap: that is asked for anew. */
export function takenOver(list: EventsList): EventsList {
  if (list.waiting.length === 0) return list;
  const shown = [...list.waiting, ...list.shown];
  if (shown.length <= MOST_LIVE) return { ...list, shown, waiting: [] };
  return { ...list, shown: shown.slice(0, MOST_LIVE), waiting: [], hasOlder: true, nextCursor: null };
}

/** What to ask for to get the rows below the last one. */
export function olderThan({ shown, nextCursor }: EventsList): { cursor?: string; to?: string } {
  if (nextCursor !== null) return { cursor: nextCursor };
  const last = shown.at(-1);
  // `to` is exclusive: others may have come within the same millisecond.
  return last === undefined ? {} : { to: new Date(Date.parse(last.receivedAt) + 1).toISOString() };
}

/** Adds the page that {@link olderThan} led to. */
export function withOlder(list: EventsList, page: Page<ListedEvent>): EventsList {
  const last = list.shown.at(-1)?.id ?? '\uffff';
  const older = page.data.filter(({ id }) => id < last);
  return { ...list, shown: [...list.shown, ...older], hasOlder: page.nextCursor !== null, nextCursor: page.nextCursor };
}

/** The same list with these events' figures, however they are known. */
export function withStatuses(list: EventsList, news: readonly DeliveryNews[]): { list: EventsList; unsure: string[] } {
  const byEvent = Map.groupBy(news, ({ eventId }) => eventId);
  const oldest = oldestOf([...byEvent.keys()]);
  const unsure: string[] = [];
  const told: ListedEvent[] = [];
  for (const rows of [list.waiting, list.shown]) {
    for (const event of rows) {
      if (event.id < oldest || byEvent.size === 0) break;
      const changes = byEvent.get(event.id);
      if (changes === undefined) continue;
      const next = changes.reduce<ListedEvent | null>(
        (last, { id, status }) => (last === null ? null : settled(last, id, status)),
        event,
      );
      if (next === null) unsure.push(event.id);
      else told.push(next);
      byEvent.delete(event.id);
    }
  }
  return { list: withArrived(list, told), unsure };
}

/** Null when it cannot be said which delivery of several it was: then the event is asked for. */
function settled(event: ListedEvent, deliveryId: string, status: string): ListedEvent | null {
  if (event.known !== undefined) {
    const known = { ...event.known, [deliveryId]: status };
    return { ...event, known, statuses: countsOf(Object.values(known)) };
  }
  const total = Object.values(event.statuses).reduce((sum, number) => sum + number, 0);
  return total === 1 ? { ...event, statuses: { [status]: 1 } } : null;
}

/** How many there are of each. An attempt that runs is not told apart: it lasts for moments. */
export function countsOf(statuses: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const status of statuses) {
    const stored = status === 'delivering' ? 'pending' : status;
    counts[stored] = (counts[stored] ?? 0) + 1;
  }
  return counts;
}
