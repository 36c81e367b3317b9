import type { EventFilter, FeedStart } from '../domain/listing.ts';
import type { Context } from './endpoint.ts';
import type * as ports from './ports.ts';
import { fedEventJson } from './present.ts';

export interface StreamRequest {
  start: FeedStart;
  filter: EventFilter;
  withContent: boolean;
  /** Without masks. */
  raw: boolean;
}

/** Proxies and browsers give up on a connection that says nothing for a minute or so. */
const HEARTBEAT_MS = 15_000;
/** With their bodies, which may be large, events are read in small numbers. */
const EVENTS_A_READ = 100;
const CONTENTS_A_READ = 4;
/** How soon a client that lost its connection should come back. */
const RETRY_MS = 1_000;

/** One message of a stream, as the HTML standard has it (section 9.2, server-sent events). */
function message(event: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Server-sent events: `event` for each stored event that matches (its id is the place to go on after), `delivery` for
 * what becomes of deliveries while the stream is open, and `missed` when there were too many of those to tell.
 * Ends with the signal.
 */
export async function* eventStream(
  { start, filter, withContent, raw }: StreamRequest,
  context: Context,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { history, news } = context.ports;
  const watcher = news.watch();
  const limit = withContent ? CONTENTS_A_READ : EVENTS_A_READ;
  try {
    yield `retry: ${RETRY_MS}\n\n`;
    let next = start;
    let told = '';
    while (!signal.aborted) {
      const { events, position, more } = await history.feed({ start: next, filter, limit, withContent });
      for (const event of events) yield message('event', fedEventJson(event, context, raw), event.id);
      yield* changes(watcher, filter.route);
      // A position without an event: what was looked at need not be looked at again after a new connection.
      if (position !== (events.at(-1)?.id ?? told)) yield `id: ${position}\n\n`;
      told = position;
      next = { kind: 'after', eventId: position };
      if (more) continue;
      if (!(await watcher.wait(HEARTBEAT_MS, signal))) yield ': still here\n\n';
    }
  } finally {
    watcher.close();
  }
}

function* changes(watcher: ports.Watcher, route: string | undefined): Generator<string> {
  const { settled, missed } = watcher.take();
  for (const delivery of settled) if (route === undefined || delivery.route === route) yield message('delivery', delivery);
  if (missed) yield message('missed', {});
}
