import { z } from 'zod';
import { type Answer, type Endpoint, endpoint, json } from '../endpoint.ts';
import type { TargetView } from '../ports.ts';
import { targetJson } from '../present.ts';
import { missing } from '../problem.ts';
import { pauseBody } from '../requests.ts';
import * as shapes from '../shapes.ts';

function shown(name: string, view: TargetView | null): Answer {
  if (view === null) throw missing('target', name);
  return json(targetJson(view));
}

const one = { 200: { description: 'The target', schema: shapes.target } };

export const targetEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/targets',
    summary: 'All targets with their state and counts',
    access: 'token',
    answers: {
      200: { description: 'All of them', schema: z.strictObject({ data: z.array(shapes.target), nextCursor: z.null() }) },
    },
    handle: async ({ ports }) => json({ data: (await ports.targets.list()).map(targetJson), nextCursor: null }),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/targets/{name}',
    summary: 'One target',
    access: 'token',
    answers: one,
    problems: [404],
    handle: async ({ id, ports }) => shown(id, await ports.targets.get(id)),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/targets/{name}/pause',
    summary: 'Attempt nothing until it is resumed; events are still accepted for it',
    access: 'token',
    body: pauseBody,
    answers: one,
    problems: [404],
    handle: async ({ id, body, ports }) => shown(id, await ports.targets.pause(id, body.reason ?? null)),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/targets/{name}/resume',
    summary: 'Go on with what has waited; an open breaker probes the target at once',
    access: 'token',
    answers: one,
    problems: [404],
    handle: async ({ id, ports }) => shown(id, await ports.targets.resume(id)),
  }),
];
