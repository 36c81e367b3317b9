import type { EventFilter } from '../domain/listing.ts';
import type { Context } from './endpoint.ts';
import { eventJson } from './present.ts';

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/**
 * A search through bodies, newest first, told as it goes: an `event` for each that was found, `progress` after each step,
 * and `end` at the end, or when enough was found. Ends with the signal.
 */
export async function* searchBodies(
  { ports: { history }, settings }: Pick<Context, 'ports' | 'settings'>,
  { filter, body, limit }: { filter: EventFilter; body: string; limit: number },
  signal: AbortSignal,
): AsyncGenerator<string> {
  let cursor: string | null = null;
  let scanned = 0;
  let found = 0;
  while (!signal.aborted) {
    const step = await history.search({ filter, body, cursor });
    scanned += step.scanned;
    for (const event of step.found) {
      found += 1;
      yield line({ kind: 'event', event: eventJson(event, { settings }) });
      if (found >= limit) break;
    }
    const isFull = found >= limit;
    if (isFull || step.nextCursor === null) {
      yield line({ kind: 'end', scanned, found, complete: !isFull });
      return;
    }
    const reachedAt = step.reachedAt === null ? null : new Date(step.reachedAt).toISOString();
    yield line({ kind: 'progress', scanned, found, reachedAt });
    cursor = step.nextCursor;
  }
}
