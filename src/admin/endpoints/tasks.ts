import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { HookbayError } from '../../domain/errors.ts';
import { type Answer, type Endpoint, endpoint, json } from '../endpoint.ts';
import type { Exports, ExportTaskView, TaskView } from '../ports.ts';
import { pageJson, taskJson } from '../present.ts';
import { gone } from '../problem.ts';
import { downloadQuery, pageQuery } from '../requests.ts';
import * as shapes from '../shapes.ts';
import { found } from './events.ts';

export const taskEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/api/v1/tasks',
    summary: 'Tasks, newest first',
    access: 'token',
    query: pageQuery,
    answers: { 200: { description: 'A page of tasks', schema: shapes.page(shapes.task) } },
    handle: async ({ ports, query: { cursor, limit } }) =>
      json(pageJson(await ports.history.tasks({ cursor: cursor ?? null, limit }), (task) => taskJson(task, ports))),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/tasks/{id}',
    summary: 'One task and how far it is',
    access: 'token',
    answers: { 200: { description: 'The task', schema: shapes.task } },
    problems: [404, 410],
    handle: async ({ id, ports }) => json(taskJson(found(await ports.history.task(id), 'task', id), ports)),
  }),
  endpoint({
    method: 'get',
    path: '/api/v1/tasks/{id}/download',
    summary: 'What an export has written: one event a line; 409 until it is completed, 410 a day after',
    access: 'token',
    query: downloadQuery,
    answers: {
      200: { description: 'One JSON object a line', contentType: 'application/x-ndjson', schema: shapes.exportedEvent },
    },
    problems: [404, 409, 410],
    handle: async ({ id, ports, query }) =>
      download(exportOf(found(await ports.history.task(id), 'task', id)), ports.exports, query.gzip),
  }),
  endpoint({
    method: 'post',
    path: '/api/v1/tasks/{id}/cancel',
    summary: 'Stop a task; what a replay has done stays, what an export has written goes',
    access: 'token',
    answers: { 200: { description: 'The task', schema: shapes.task } },
    problems: [404, 410],
    handle: async ({ id, ports }) => {
      const task = found(await ports.operations.cancelTask(id), 'task', id);
      ports.tasks.wake(); // somebody may be waiting to be told of its end
      return json(taskJson(task, ports));
    },
  }),
];

/** @throws HookbayError 404 `no_result` for a replay, 409 `export_not_completed` */
function exportOf(task: TaskView): ExportTaskView {
  if (task.kind === 'replay') {
    throw new HookbayError({ code: 'no_result', status: 404, message: 'A replay has no file: its result is in the deliveries.' });
  }
  if (task.status === 'completed') return task;
  const message = `The export is ${task.status}: only a completed one has a file.`;
  const hint = task.finishedAt === null ? 'Ask GET /api/v1/tasks/{id} until its status is completed.' : 'Start another one.';
  throw new HookbayError({ code: 'export_not_completed', status: 409, message, hint });
}

/** @throws HookbayError 410 when its time is over */
async function download(task: ExportTaskView, exports: Exports, gzip: boolean): Promise<Answer> {
  const file = await exports.open(task);
  if (file.kind === 'gone') throw gone('export', task.id);
  const name = `${task.id.replaceAll(/\W/g, '')}.ndjson${gzip ? '.gz' : ''}`;
  const headers = {
    'content-type': gzip ? 'application/gzip' : 'application/x-ndjson',
    'content-disposition': `attachment; filename="${name}"`,
    // The lines came from outside: nothing in them may run, also when they are opened in a tab.
    'content-security-policy': "sandbox; default-src 'none'",
  };
  const length = gzip ? {} : { 'content-length': String(file.bytes) };
  const pieces = (): Readable => (gzip ? file.stream().compose(createGzip()) : file.stream());
  return { kind: 'stream', status: 200, headers: { ...headers, ...length }, pieces };
}
