import { z } from 'zod';
import { HookbayError } from '../../domain/errors.ts';
import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { alertJson } from '../present.ts';
import * as shapes from '../shapes.ts';

export const alertEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/alerts',
    summary: 'Alerts that fire, then those that have ended, newest first',
    access: 'token',
    answers: {
      200: { description: 'All that are known', schema: z.strictObject({ data: z.array(shapes.alert), nextCursor: z.null() }) },
    },
    handle: ({ ports }) => json({ data: ports.alerts.list().map(alertJson), nextCursor: null }),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/alerts/test',
    summary: 'Send a test alert to every destination',
    access: 'token',
    answers: { 200: { description: 'What became of it', schema: z.strictObject({ data: z.array(shapes.alertTest) }) } },
    problems: [409],
    handle: async ({ ports }) => {
      const results = await ports.alerts.test();
      if (results.length > 0) return json({ data: results });
      const hint = 'Set `alert: { url: … }` in the configuration and reload.';
      throw new HookbayError({ code: 'no_alerts', status: 409, message: 'No alert is configured.', hint });
    },
  }),
];
