import { z } from 'zod';
import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { eventJson } from '../present.ts';
import { deliveryFilter, replaysBody } from '../requests.ts';
import * as shapes from '../shapes.ts';
import { found } from './events.ts';

const deletionsBody = z.strictObject({ filter: replaysBody.shape.filter, dryRun: z.boolean().default(false) });

export const deletionEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'delete',
    path: '/api/v1/events/{id}',
    summary: 'Delete an event: body, headers and stored answers go, its key and counts stay',
    access: 'token',
    answers: { 200: { description: 'What was deleted', schema: shapes.deleted } },
    problems: [404, 410],
    handle: async ({ id, ports }) => json(found(await ports.deletions.event(id), 'event', id)),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/deletions',
    summary: 'Delete every event that has a delivery which a filter matches; answers when all are deleted',
    access: 'token',
    body: deletionsBody,
    answers: {
      200: {
        description: 'What was deleted; with `dryRun`: what would be',
        schema: z.union([shapes.deleted, shapes.deletionPreview]),
      },
    },
    handle: async ({ body, ports, settings }) => {
      const filter = deliveryFilter(body.filter);
      if (!body.dryRun) return json(await ports.deletions.matching(filter));
      const { matched, sample } = await ports.deletions.preview(filter);
      return json({ matched, sample: sample.map((event) => eventJson(event, { settings })) });
    },
  }),
];
