import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { auditJson, pageJson } from '../present.ts';
import { pageQuery } from '../requests.ts';
import * as shapes from '../shapes.ts';

export const auditEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/audit',
    summary: 'What was done through this API, newest first: the last 10,000 actions',
    access: 'token',
    query: pageQuery,
    answers: { 200: { description: 'A page of them', schema: shapes.page(shapes.audit) } },
    handle: async ({ ports, query: { cursor, limit } }) =>
      json(pageJson(await ports.history.audit({ cursor: cursor ?? null, limit }), auditJson)),
  }),
];
