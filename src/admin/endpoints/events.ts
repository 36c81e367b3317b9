import { z } from 'zod';
import type { Found } from '../../domain/listing.ts';
import { type Answer, type Endpoint, endpoint, json } from '../endpoint.ts';
import { once } from '../idempotency.ts';
import type { DeliveryView } from '../ports.ts';
import { deliveryJson, eventDetailJson, eventJson, pageJson } from '../present.ts';
import { gone, missing, unknownTargets } from '../problem.ts';
import { eventsQuery, replayEventBody } from '../requests.ts';
import * as shapes from '../shapes.ts';

/** @throws HookbayError 404 or 410 */
export function found<T>(result: Found<T>, what: string, id: string): T {
  switch (result.kind) {
    case 'found':
      return result.value;
    case 'missing':
      throw missing(what, id);
    case 'gone':
      throw gone(what, id);
    default:
      return result satisfies never;
  }
}

/** Names of targets that a request gave, all of them known. @throws HookbayError 400 */
export function knownTargets(
  names: readonly string[] | undefined,
  known: ReadonlyMap<string, unknown>,
): readonly string[] | null {
  const unknown = (names ?? []).filter((name) => !known.has(name));
  if (unknown.length > 0) throw unknownTargets(unknown, known.keys());
  return names === undefined ? null : [...new Set(names)];
}

/** A media type that cannot break a header or be taken for something that runs. */
const PLAIN_MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:; ?[\w-]+=[\w.-]+)*$/;

function attachment(id: string, content: { contentType: string | null; body: Buffer }): Answer {
  const type = content.contentType !== null && PLAIN_MEDIA_TYPE.test(content.contentType) ? content.contentType : null;
  return {
    kind: 'raw',
    status: 200,
    body: content.body,
    headers: {
      'content-type': type ?? 'application/octet-stream',
      'content-disposition': `attachment; filename="${id.replaceAll(/\W/g, '')}"`,
      // The bytes came from outside: nothing in them may run, also when they are opened in a tab.
      'content-security-policy': "sandbox; default-src 'none'",
    },
  };
}

export const eventEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/events',
    summary: 'Events, newest first',
    access: 'token',
    query: eventsQuery,
    answers: { 200: { description: 'A page of events', schema: shapes.page(shapes.event) } },
    handle: async ({ ports, query: { cursor, limit, ...filter } }) =>
      json(pageJson(await ports.history.events(filter, { cursor: cursor ?? null, limit }), eventJson)),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/events/{id}',
    summary: 'One event with its deliveries',
    access: 'token',
    answers: { 200: { description: 'The event', schema: shapes.eventDetail } },
    problems: [404, 410],
    handle: async ({ id, ...context }) =>
      json(eventDetailJson(found(await context.ports.history.event(id), 'event', id), context)),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/events/{id}/body',
    summary: 'The body, byte for byte as it came',
    access: 'token',
    answers: { 200: { description: 'The exact bytes, in their own media type', contentType: '*/*', schema: z.string() } },
    problems: [404, 410],
    handle: async ({ id, ports }) => attachment(id, found(await ports.history.body(id), 'event', id)),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/events/{id}/replay',
    summary: 'Deliver an event again, as new deliveries',
    access: 'token',
    idempotent: true,
    body: replayEventBody,
    answers: {
      202: { description: 'The new deliveries', schema: z.strictObject({ deliveries: z.array(shapes.delivery) }) },
    },
    problems: [404, 409, 410, 422],
    handle: async (call) => {
      const { id, body, ports, settings } = call;
      const answer = (deliveries: readonly DeliveryView[]): Answer =>
        json({ deliveries: deliveries.map((delivery) => deliveryJson(delivery, call)) }, 202);
      return once(call, {
        scope: `POST /api/v1/events/${id}/replay`,
        body,
        // The same deliveries, as they are now.
        again: async (before) => answer(before.kind === 'deliveries' ? before.deliveries : []),
        first: async (mark) => {
          const targets = knownTargets(body.targets, settings.attempts);
          return answer(found(await ports.operations.replayEvent(id, targets, mark), 'event', id));
        },
      });
    },
  }),
];
