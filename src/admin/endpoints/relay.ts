import { z } from 'zod';
import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { pageJson, rejectionJson } from '../present.ts';
import { RequestRefused } from '../problem.ts';
import { rejectionsQuery, statsQuery } from '../requests.ts';
import * as shapes from '../shapes.ts';
import { statsJson } from '../stats.ts';

export const relayEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/rejections',
    summary: 'Requests that were refused, newest first',
    access: 'token',
    query: rejectionsQuery,
    answers: { 200: { description: 'A page of rejections', schema: shapes.page(shapes.rejection) } },
    handle: async ({ query: { cursor, limit, ...filter }, ...context }) => {
      const page = await context.ports.history.rejections(filter, { cursor: cursor ?? null, limit });
      return json(pageJson(page, (view) => rejectionJson(view, context)));
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/stats',
    summary: 'How many deliveries are in which status, in all and per target, and what happened lately',
    access: 'token',
    query: statsQuery,
    answers: { 200: { description: 'The totals', schema: shapes.stats } },
    handle: async ({ ports, now, query }) => json(await statsJson(ports, query, now())),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/reload',
    summary: 'Read the configuration file again: all or nothing',
    access: 'token',
    answers: { 200: { description: 'It is in force', schema: z.strictObject({ status: z.literal('reloaded') }) } },
    problems: [409, 422],
    handle: async ({ ports }) => {
      const result = await ports.reload();
      if (result.kind === 'applied') return json({ status: 'reloaded' });
      const { kind: _, faults, ...problem } = result;
      throw new RequestRefused({ ...problem, status: problem.code === 'restart_required' ? 409 : 422 }, faults);
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/config',
    summary: 'The configuration in force, secrets hidden',
    access: 'token',
    answers: { 200: { description: 'The configuration', schema: z.record(z.string(), z.unknown()) } },
    handle: ({ settings }) => json(settings.shownConfig),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/config/settings',
    summary: 'What this relay can and cannot do as it is configured',
    access: 'token',
    answers: { 200: { description: 'The settings', schema: shapes.settings } },
    handle: ({ settings: { encrypted } }) => json({ encrypted, bodySearch: !encrypted }),
  }),
];
