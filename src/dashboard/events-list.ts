import type { ListedEvent, Page } from './api/types.ts';

interface Rows {
  shown: readonly ListedEvent[];
  /** Where the older ones go on; null at the end. */
  nextCursor: string | null;
}

/** A list that changes while somebody reads it. */
export interface EventsList extends Rows {
  /** What it should be by now, or null when it is that. Taken over when that does not disturb. */
  next: (Rows & { arrived: number; hasGap: boolean }) | null;
}

export const listOf = ({ data, nextCursor }: Page<ListedEvent>): EventsList => ({ shown: data, nextCursor, next: null });

/** Takes in a newly asked first page: rows are brought up to date in their places; those that came or left wait. */
export function withNewest(list: EventsList, page: Page<ListedEvent>): EventsList {
  if (list.shown.length === 0) return listOf(page);
  const fresh = new Map(page.data.map((event) => [event.id, event]));
  const known = new Set(list.shown.map(({ id }) => id));
  // Ids sort by time: the page tells of everything down to its last one.
  const bottom = page.nextCursor === null ? '' : page.data.at(-1)?.id;
  const isTold = (id: string): boolean => bottom !== undefined && id >= bottom;

  const shown = list.shown.map((event) => fresh.get(event.id) ?? event);
  const arrived = page.data.filter(({ id }) => !known.has(id));
  const kept = shown.filter(({ id }) => fresh.has(id) || !isTold(id));
  if (arrived.length === 0 && kept.length === shown.length) return { ...list, shown, next: null };
  // More arrived than a page holds: between it and what is shown there may be others.
  const hasGap = page.nextCursor !== null && arrived.length === page.data.length;
  const rows = hasGap
    ? { shown: page.data, nextCursor: page.nextCursor }
    : { shown: [...arrived, ...kept].sort(newestFirst), nextCursor: list.nextCursor };
  return { ...list, shown, next: { ...rows, arrived: arrived.length, hasGap } };
}

const newestFirst = (a: ListedEvent, b: ListedEvent): number => (a.id < b.id ? 1 : -1);

/** Shows what waits. */
export function takenOver({ next, ...list }: EventsList): EventsList {
  return next === null ? { ...list, next } : { shown: next.shown, nextCursor: next.nextCursor, next: null };
}

/** Adds the page that `nextCursor` led to. */
export function withOlder(list: EventsList, page: Page<ListedEvent>): EventsList {
  const known = new Set(list.shown.map(({ id }) => id));
  return { shown: [...list.shown, ...page.data.filter(({ id }) => !known.has(id))], nextCursor: page.nextCursor, next: null };
}
