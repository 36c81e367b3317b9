import { HookbayError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import type { FeedStart } from '../../domain/listing.ts';
import { requireOperator } from '../access.ts';
import { searchBodies } from '../body-search.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { noteRawRead } from '../event-body.ts';
import { eventStream } from '../event-stream.ts';
import { RequestRefused } from '../problem.ts';
import { searchQuery, streamQuery } from '../requests.ts';

/** @throws HookbayError 400 for what is no event's id */
function startOf(after: string | undefined, from: number | undefined): FeedStart {
  if (after === undefined) return from === undefined ? { kind: 'now' } : { kind: 'from', time: from };
  if (parseId('evt', after) !== null) return { kind: 'after', eventId: after };
  throw new RequestRefused(
    { code: 'bad_query', status: 400, message: 'after (or Last-Event-ID) is not the id of an event.' },
    [],
  );
}

/** To look into encrypted bodies, all of them would have to be decrypted, and those it cannot find would not be missed. */
function searchOff(): HookbayError {
  return new HookbayError({
    code: 'body_search_off',
    status: 409,
    message: 'Bodies are encrypted in the database, so they cannot be searched',
    hint: 'Search by route, type, time or dedup key: GET /events.',
  });
}

export const streamEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/search',
    summary: 'Look into bodies, newest first; the answer is told as it goes, and closing the connection ends the search',
    access: 'token',
    query: searchQuery,
    answers: {
      200: {
        description:
          'Lines of JSON: `{"kind":"event","event":…}` (an Event), `{"kind":"progress","scanned":…,"found":…,"reachedAt":…}`, and at last `{"kind":"end","scanned":…,"found":…,"complete":…}`',
        contentType: 'application/x-ndjson',
      },
    },
    problems: [409],
    handle: ({ query: { body, limit, ...filter }, ports, settings, who, left }) => {
      // Who may not see what is masked could find it out, a guess at a time.
      if (settings.redactions.masksBodies && who !== null) requireOperator(who);
      if (settings.encrypted) throw searchOff();
      return {
        kind: 'stream',
        status: 200,
        headers: { 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' },
        pieces: () => searchBodies({ ports, settings }, { filter, body, limit }, left),
      };
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/stream',
    summary: 'Events as they are stored, and what becomes of deliveries (server-sent events, resumable)',
    access: 'token',
    query: streamQuery,
    answers: {
      200: {
        description:
          'Messages `event` (a StreamedEvent; its id is where to go on, by Last-Event-ID or `after`), `delivery` (`id`, `eventId`, `route`, `target`, `status`) and `missed` (some of those were left out)',
        contentType: 'text/event-stream',
      },
    },
    handle: ({ query: { after, from, content, raw, ...filter }, lastEventId, ...context }) => {
      if (raw && context.who !== null) requireOperator(context.who);
      const start = startOf(lastEventId ?? after, from);
      if (raw && content) noteRawRead('GET /api/v1/stream', null, context);
      return {
        kind: 'stream',
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
        pieces: () => eventStream({ start, filter, withContent: content, raw }, context, context.left),
      };
    },
  }),
];
