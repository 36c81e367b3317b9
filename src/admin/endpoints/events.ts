import { z } from 'zod';
import type { Found } from '../../domain/listing.ts';
import { requireOperator } from '../access.ts';
import { type Answer, type Endpoint, endpoint, json } from '../endpoint.ts';
import { attachment, maskedAttachment, noteRawRead } from '../event-body.ts';
import { once } from '../idempotency.ts';
import type { DeliveryView } from '../ports.ts';
import { deliveryJson, eventDetailJson, eventJson, pageJson } from '../present.ts';
import { gone, missing, unknownTargets } from '../problem.ts';
import { bodyQuery, eventsQuery, replayEventBody } from '../requests.ts';
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

export const eventEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/events',
    summary: 'Events, newest first',
    access: 'token',
    query: eventsQuery,
    answers: { 200: { description: 'A page of events', schema: shapes.page(shapes.event) } },
    handle: async ({ ports, settings, query: { cursor, limit, maxMs, ...filter } }) => {
      const asked = { cursor: cursor ?? null, limit, ...(maxMs === undefined ? {} : { budgetMs: maxMs }) };
      const page = await ports.history.events(filter, asked);
      return json(pageJson(page, (event) => eventJson(event, { settings })));
    },
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
    summary: 'The body, byte for byte as it came, save for what `redact` masks',
    access: 'token',
    query: bodyQuery,
    answers: {
      200: {
        description:
          'The exact bytes, in their own media type. Where the route masks parts of bodies: JSON with `***` in their place, or `***` alone for a body that is no JSON, and the header `hookbay-redacted: true`',
        contentType: '*/*',
        schema: z.string(),
      },
    },
    problems: [404, 410],
    handle: async ({ id, query: { raw }, ...call }) => {
      const {
        ports,
        settings: { redactions },
      } = call;
      if (raw && call.who !== null) requireOperator(call.who);
      const content = found(await ports.history.body(id), 'event', id);
      if (!redactions.masksBodies) return attachment(id, content);
      if (raw) {
        noteRawRead('GET /api/v1/events/{id}/body', id, call);
        return attachment(id, content);
      }
      const { route } = found(await ports.history.event(id), 'event', id);
      return maskedAttachment(id, content, redactions.of(route));
    },
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
