import { allowedCallback } from '../callback-url.ts';
import { type Answer, type Endpoint, endpoint, json } from '../endpoint.ts';
import { once } from '../idempotency.ts';
import type { Remembered } from '../ports.ts';
import { deliveryJson } from '../present.ts';
import { deliveryFilter, exportsBody, replaysBody } from '../requests.ts';
import * as shapes from '../shapes.ts';
import { knownTargets } from './events.ts';

const started = (id: string): Answer => json({ taskId: id, status: 'pending' }, 202, { location: `/api/v1/tasks/${id}` });

/** Another kind of answer cannot be under a key of this path. */
const startedBefore = async (answer: Remembered['answer']): Promise<Answer> => started(answer.kind === 'task' ? answer.id : '');

/** What starts a task. */
export const replayEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/api/v1/replays',
    summary: 'Deliver again everything that a filter matches: dead letters are retried, delivered ones get new deliveries',
    access: 'token',
    idempotent: true,
    body: replaysBody,
    answers: {
      200: { description: 'With `dryRun`: what it would touch', schema: shapes.replayPreview },
      202: { description: 'The task that does it; Location names it', schema: shapes.taskStarted },
    },
    problems: [409, 422],
    handle: async (call) => {
      const { body, ports, settings } = call;
      const filter = deliveryFilter(body.filter);
      if (body.dryRun) {
        const targets = knownTargets(body.targets, settings.attempts);
        const { matched, sample } = await ports.history.matchReplay(filter, targets !== null);
        return json({ matched, sample: sample.map((delivery) => deliveryJson(delivery, call)) });
      }
      return once(call, {
        scope: 'POST /api/v1/replays',
        body,
        again: startedBefore,
        first: async (mark) => {
          const targets = knownTargets(body.targets, settings.attempts);
          const callbackUrl = allowedCallback(body.callbackUrl, settings.callbacks);
          const request = { filter, targets, ratePerSecond: body.rateLimit ?? null };
          const task = await ports.operations.startReplay(request, { callbackUrl, once: mark });
          ports.tasks.wake();
          return started(task.id);
        },
      });
    },
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/exports',
    summary: 'Write every event that a filter matches into a file: one line of JSON for each, with headers and body',
    access: 'token',
    idempotent: true,
    body: exportsBody,
    answers: { 202: { description: 'The task that does it; Location names it', schema: shapes.taskStarted } },
    problems: [409, 422],
    handle: async (call) => {
      const { body, ports, settings } = call;
      return once(call, {
        scope: 'POST /api/v1/exports',
        body,
        again: startedBefore,
        first: async (mark) => {
          const callbackUrl = allowedCallback(body.callbackUrl, settings.callbacks);
          const task = await ports.operations.startExport({ filter: deliveryFilter(body.filter) }, { callbackUrl, once: mark });
          ports.tasks.wake();
          return started(task.id);
        },
      });
    },
  }),
];
