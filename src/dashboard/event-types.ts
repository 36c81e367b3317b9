import { get, query } from './api/client.ts';
import type { Delivery, EventDetail, ListedEvent, Page } from './api/types.ts';

/** Types by the ids of events; undefined for an event that cannot be read. */
export type EventTypes = Map<string, string | null | undefined>;

/** So many at most are asked for one by one. */
const FEW = 10;
const MOST = 200;

/**
 * Adds the types of the events of dead deliveries, which deliveries do not carry: many are found among the newest events
 * with a dead one, the others are asked for some at a time. Rejects only with the signal's reason.
 */
export async function learnTypes(types: EventTypes, deliveries: readonly Delivery[], signal: AbortSignal | null): Promise<void> {
  const missing = (): string[] => [...new Set(deliveries.map(({ eventId }) => eventId))].filter((id) => !types.has(id));
  if (missing().length > FEW) {
    const listed = await get<Page<ListedEvent>>(`events${query({ status: 'dead', limit: MOST })}`, signal).catch(() => null);
    for (const { id, type } of listed?.data ?? []) types.set(id, type);
  }
  const found = missing()
    .slice(0, FEW)
    .map(async (id) => {
      const event = await get<EventDetail>(`events/${encodeURIComponent(id)}`, signal).catch(() => null);
      signal?.throwIfAborted();
      types.set(id, event?.type);
    });
  await Promise.all(found);
}
