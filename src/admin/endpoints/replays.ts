import { type Endpoint, endpoint, json } from '../endpoint.ts';
import { deliveryJson, pageJson, taskJson } from '../present.ts';
import { deliveryFilter, pageQuery, replaysBody } from '../requests.ts';
import * as shapes from '../shapes.ts';
import { found, knownTargets } from './events.ts';

export const replayEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/api/v1/replays',
    summary: 'Deliver again everything that a filter matches: dead letters are retried, delivered ones get new deliveries',
    access: 'token',
    body: replaysBody,
    answers: {
      200: { description: 'With `dryRun`: what it would touch', schema: shapes.replayPreview },
      202: { description: 'The task that does it; Location names it', schema: shapes.replayStarted },
    },
    handle: async ({ body, ...context }) => {
      const { history, operations, replays } = context.ports;
      const filter = deliveryFilter(body.filter);
      const targets = knownTargets(body.targets, context.settings.attempts);
      if (body.dryRun) {
        const { matched, sample } = await history.matchReplay(filter, targets !== null);
        return json({ matched, sample: sample.map((delivery) => deliveryJson(delivery, context)) });
      }
      const task = await operations.startReplay({ filter, targets, ratePerSecond: body.rateLimit ?? null });
      replays.wake();
      return json({ taskId: task.id, status: 'pending' }, 202, { location: `/api/v1/tasks/${task.id}` });
    },
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/tasks',
    summary: 'Tasks, newest first',
    access: 'token',
    query: pageQuery,
    answers: { 200: { description: 'A page of tasks', schema: shapes.page(shapes.task) } },
    handle: async ({ ports, query: { cursor, limit } }) =>
      json(pageJson(await ports.history.tasks({ cursor: cursor ?? null, limit }), taskJson)),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/tasks/{id}',
    summary: 'One task and how far it is',
    access: 'token',
    answers: { 200: { description: 'The task', schema: shapes.task } },
    problems: [404, 410],
    handle: async ({ id, ports }) => json(taskJson(found(await ports.history.task(id), 'task', id))),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/tasks/{id}/cancel',
    summary: 'Stop a task; what it has done stays',
    access: 'token',
    answers: { 200: { description: 'The task', schema: shapes.task } },
    problems: [404, 410],
    handle: async ({ id, ports }) => json(taskJson(found(await ports.operations.cancelTask(id), 'task', id))),
  }),
];
