import { HookbayError } from '../../domain/errors.ts';
import { type Answer, type Context, type Endpoint, endpoint, json } from '../endpoint.ts';
import type { OperatorResult } from '../ports.ts';
import { deliveryDetailJson, deliveryJson, pageJson } from '../present.ts';
import { missing } from '../problem.ts';
import { deliveriesQuery } from '../requests.ts';
import * as shapes from '../shapes.ts';
import { found } from './events.ts';

type Action = 'retry' | 'cancel' | 'release' | 'discard';

const ACTIONS: Record<Action, { summary: string; on: string }> = {
  retry: { summary: 'Attempt it now, with a fresh budget', on: 'dead, pending or held' },
  cancel: { summary: 'Make no further attempt', on: 'pending' },
  release: { summary: 'Let it go on', on: 'held' },
  discard: { summary: 'Give it up for good', on: 'dead or held' },
};

function attemptRunning(id: string): HookbayError {
  const hint = 'Wait for the attempt to end, or cancel the delivery.';
  return new HookbayError({ code: 'attempt_running', status: 409, message: `An attempt of ${id} is running.`, hint });
}

function acted(action: Action, id: string, result: OperatorResult, context: Context): Answer {
  switch (result.kind) {
    case 'done':
      return json(deliveryJson(result.delivery, context));
    case 'missing':
      throw missing('delivery', id);
    case 'refused':
      if (result.code === 'attempt_running') throw attemptRunning(id);
      throw new HookbayError({
        code: 'wrong_status',
        status: 409,
        message: `${id} is ${result.status}; ${action} is for deliveries that are ${ACTIONS[action].on}.`,
      });
    default:
      return result satisfies never;
  }
}

async function act(action: Action, id: string, context: Context): Promise<Answer> {
  const { operations } = context.ports;
  const result = await operations[action](id);
  return acted(action, id, result, context);
}

const actionEndpoint = (action: Action): Endpoint =>
  endpoint({
    method: 'post',
    path: `/api/v1/deliveries/{id}/${action}`,
    summary: `${ACTIONS[action].summary} (${ACTIONS[action].on})`,
    access: 'token',
    answers: { 200: { description: 'The delivery after it', schema: shapes.delivery } },
    problems: [404, 409],
    handle: ({ id, ...context }) => act(action, id, context),
  });

export const deliveryEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/deliveries',
    summary: 'Deliveries, newest first',
    access: 'token',
    query: deliveriesQuery,
    answers: { 200: { description: 'A page of deliveries', schema: shapes.page(shapes.delivery) } },
    handle: async ({ query: { cursor, limit, ...filter }, ...context }) => {
      const page = await context.ports.history.deliveries(filter, { cursor: cursor ?? null, limit });
      return json(pageJson(page, (delivery) => deliveryJson(delivery, context)));
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/deliveries/{id}',
    summary: 'One delivery with all its attempts',
    access: 'token',
    answers: { 200: { description: 'The delivery', schema: shapes.deliveryDetail } },
    problems: [404, 410],
    handle: async ({ id, ...context }) =>
      json(deliveryDetailJson(found(await context.ports.history.delivery(id), 'delivery', id), context)),
  }),
  actionEndpoint('retry'),
  actionEndpoint('cancel'),
  actionEndpoint('release'),
  actionEndpoint('discard'),
];
