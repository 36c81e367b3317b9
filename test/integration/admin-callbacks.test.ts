import type { LookupAddress } from 'node:dns';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postCallback } from '../../src/admin/callback-post.ts';
import { type Callbacks, createCallbacks } from '../../src/admin/callbacks.ts';
import type { TaskView } from '../../src/admin/ports.ts';
import { ClosedAddress, lookupOf, outgoingAddressGuard } from '../../src/config/outgoing-address.ts';
import { createSigner } from '../../src/deliver/signing.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const view = (id: string, url: string): TaskView => ({
  ...{ id, kind: 'export', status: 'completed', matched: 3, done: 2, failed: 1, createdAt: 1, finishedAt: 2, error: null },
  ...{ callback: { url, state: 'waiting' }, bytes: 10, dropped: false },
});

describe('callbacks', () => {
  let waiting: TaskView[];
  let settled: Map<string, string>;
  let storeFails: boolean;
  let warnings: object[];
  let callbacks: Callbacks;
  let signed: boolean;
  let told: string[];

  const make = (allow: string[]): Callbacks =>
    createCallbacks({
      work: {
        callbacksDue: async (limit) => waiting.slice(0, limit),
        callbackSettled: async (id, state) => {
          if (storeFails) throw new Error('full');
          settled.set(id, state);
          waiting = waiting.filter((task) => task.id !== id);
        },
      },
      settings: () => ({ sign: signed ? createSigner([SECRET]) : null, guard: outgoingAddressGuard(allow) }),
      resultUrl: ({ id }) => `/api/v1/tasks/${id}/download`,
      settled: (result) => void told.push(result),
      clock: { ...systemClock, after: (_delayMs, fire) => systemClock.after(5, fire) },
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: (record) => void warnings.push(record),
        error: () => undefined,
      },
      retries: { retries: 3, minTimeout: 5, maxTimeout: 20 },
    });
  beforeEach(() => {
    [waiting, settled, storeFails, warnings, signed, told] = [[], new Map(), false, [], true, []];
    callbacks = make(['127.0.0.0/8']);
  });
  afterEach(() => callbacks.stop());

  it('tell once, signed as Standard Webhooks has it', async () => {
    waiting = [view('task_1', `${receiver.url}/done?token=1`)];
    callbacks.wake();
    callbacks.wake();
    await waitFor('it to be told', () => settled.get('task_1') === 'told');
    const [request, ...more] = receiver.received;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', url: '/done?token=1' });
    const said = new Webhook(SECRET).verify(request?.body.toString() ?? '', request?.headers as Record<string, string>);
    const counts = { matched: 3, done: 2, failed: 1 };
    const resultUrl = '/api/v1/tasks/task_1/download';
    expect(said).toEqual({ taskId: 'task_1', kind: 'export', status: 'completed', ...counts, resultUrl });
    expect(request?.headers['webhook-id']).toBe('task_1');
  });

  it('are tried again under the same id, and given up in the end', async () => {
    const statuses = [500, 301, 404];
    receiver.behave(() => ({ kind: 'answer', status: statuses.shift() ?? 204, headers: { location: '/elsewhere' } }));
    waiting = [view('task_1', receiver.url)];
    callbacks.wake();
    await waitFor('it to be told', () => settled.get('task_1') === 'told');
    expect(receiver.received.map(({ url, headers }) => `${url} ${headers['webhook-id']}`)).toEqual(Array(4).fill('/ task_1'));
    receiver.behave({ kind: 'answer', status: 302, headers: { location: '/elsewhere' } });
    waiting = [view('task_2', `${receiver.url}/secret-path`)];
    callbacks.wake();
    await waitFor('it to be given up', () => settled.get('task_2') === 'given_up');
    expect(receiver.received).toHaveLength(8);
    expect(warnings).toEqual([expect.objectContaining({ taskId: 'task_2', code: 'answered_302' })]);
    expect(JSON.stringify(warnings)).not.toContain('secret-path');
  });

  it('do not wait for one another', async () => {
    receiver.behave(({ url }) => (url === '/hang' ? { kind: 'hang' } : { kind: 'answer', status: 200 }));
    waiting = [
      view('task_1', `${receiver.url}/hang`),
      ...Array.from({ length: 150 }, (_, i) => view(`task_2${i}`, receiver.url)),
    ];
    callbacks.wake();
    await waitFor('the others', () => settled.size === 150);
    expect(settled.has('task_1')).toBe(false);
  });

  it('read no more of an answer than its status', async () => {
    receiver.behave({ kind: 'endless', status: 200 });
    waiting = [view('task_1', receiver.url)];
    callbacks.wake();
    await waitFor('it to be told', () => settled.get('task_1') === 'told');
    await waitFor('the end of the connection', async () => (await receiver.connections()) === 0);
  });

  it('that were not told before a stop are told after it', async () => {
    receiver.behave({ kind: 'hang' });
    waiting = [view('task_1', receiver.url)];
    callbacks.wake();
    await waitFor('the request', () => receiver.received.length === 1);
    await callbacks.stop();
    expect(settled.size).toBe(0);
    receiver.behave({ kind: 'answer', status: 200 });
    callbacks = make(['127.0.0.0/8']);
    callbacks.wake();
    await waitFor('it to be told', () => settled.get('task_1') === 'told');
  });

  it('reach nothing that is not public, and do not try again', async () => {
    callbacks = make([]);
    const { port } = new URL(receiver.url);
    const urls = [receiver.url, `http://localhost:${port}`, `http://0x7f.1:${port}`, `http://[::ffff:127.0.0.1]:${port}`];
    waiting = urls.map((url, index) => view(`task_${index}`, url));
    callbacks.wake();
    await waitFor('them to be given up', () => settled.size === urls.length);
    expect([...settled.values()]).toEqual(Array(urls.length).fill('given_up'));
    expect(receiver.received).toEqual([]);
    expect(warnings).toEqual(urls.map(() => expect.objectContaining({ code: 'callback_address_closed' })));
  });

  it('are told again when that they were told could not be stored', async () => {
    storeFails = true;
    waiting = [view('task_1', receiver.url)];
    callbacks.wake();
    await waitFor('a second time', () => receiver.received.length >= 2);
    expect(told).toEqual([]);
    storeFails = false;
    await waitFor('it to be told', () => settled.get('task_1') === 'told');
    expect(told).toEqual(['told']);
  });

  it('are given up when there is no secret any more', async () => {
    signed = false;
    waiting = [view('task_1', receiver.url)];
    callbacks.wake();
    await waitFor('it to be given up', () => settled.get('task_1') === 'given_up');
    expect(receiver.received).toEqual([]);
  });
});

describe('a name that is bound anew', () => {
  it('between two tries is judged at the connection', async () => {
    const { port } = new URL(receiver.url);
    let addresses: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];
    const system = (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
      done(null, addresses);
    const guard = outgoingAddressGuard(['127.0.0.1']);
    const post = () =>
      postCallback({
        ...{ url: `http://app.example.com:${port}/`, headers: {}, body: '{}', guard },
        ...{ signal: new AbortController().signal, lookup: lookupOf(guard, system as never) },
      });
    expect(await post()).toBe(200);
    addresses = [{ address: '127.0.0.2', family: 4 }];
    const refused = await post().catch((error: unknown) => error);
    expect(refused instanceof ClosedAddress || (refused as Error).cause instanceof ClosedAddress).toBe(true);
    expect(receiver.received).toHaveLength(1);
  });
});
