import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AwaitedResult } from '../../src/domain/target-answer.ts';
import { type DispatchBench, openDispatch, targetOf } from '../support/dispatch.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

let app: Receiver;
let bench: DispatchBench;
beforeEach(async () => {
  app = await startReceiver();
});
afterEach(async () => {
  await bench.dispatcher.stop({ graceMs: 0 });
  await app.close();
});

/** Waits for the answer to an event, as ingest does. @returns what was told so far; null when there is nothing to wait for */
function ask(id: string, isFirst = true): { told: AwaitedResult[]; cancel: () => void } | null {
  const told: AwaitedResult[] = [];
  const cancel = bench.dispatcher.awaitAnswer({ id, target: 'app', isFirst }, (result) => told.push(result));
  return cancel === null ? null : { told, cancel };
}

function eventOf(deliveryId: string): string {
  return bench.queue.row(deliveryId).event.id;
}

test('an event that waits in the store first is answered too', async () => {
  bench = openDispatch([targetOf('app', app.url)]);
  bench.dispatcher.start();
  const id = bench.add('app');
  const asked = ask(eventOf(id));
  bench.dispatcher.wake('app');
  await waitFor('answer', () => asked?.told.length === 1);
  expect(asked?.told[0]).toMatchObject({ kind: 'answered', answer: { status: 200, body: Buffer.from('ok') } });
  expect(bench.dispatcher.held().awaited).toEqual({ deliveries: 0, bytes: 0 });
});

test('behind a backlog nobody waits', async () => {
  app.behave({ kind: 'hang' });
  bench = openDispatch([targetOf('app', app.url, { concurrency: 1 })]);
  for (let i = 0; i < 1_200; i += 1) bench.add('app');
  bench.dispatcher.start();
  await waitFor('attempt', () => app.received.length === 1);
  expect(ask(eventOf(bench.add('app')))).toBeNull();
});

test('while a target is missing or asks for patience nobody waits, and those who wait are told', async () => {
  bench = openDispatch([targetOf('app', app.url, { concurrency: 1 })]);
  bench.dispatcher.start();
  app.behave({ kind: 'answer', status: 429, headers: { 'retry-after': '30' } });
  const other = ask('evt_queued');
  bench.add('app');
  bench.dispatcher.wake('app');
  await waitFor('slow-down', () => other?.told.length === 1);
  expect(other?.told).toEqual([{ kind: 'not_started' }]);
  expect(ask('evt_slowed')).toBeNull();
  expect(bench.dispatcher.awaitAnswer({ id: 'evt_x', target: 'nowhere', isFirst: true }, () => undefined)).toBeNull();
});

test('a target that is removed tells those who wait for what has not begun', () => {
  bench = openDispatch([targetOf('app', app.url)]);
  bench.dispatcher.start();
  const asked = ask('evt_1');
  bench.dispatcher.reload([]);
  expect(asked?.told).toEqual([{ kind: 'not_started' }]);
});

test('a duplicate waits only for what is waited for', async () => {
  bench = openDispatch([targetOf('app', app.url)]);
  bench.dispatcher.start();
  expect(ask('evt_1', false)).toBeNull();
  const first = ask('evt_1');
  expect(ask('evt_1', false)).not.toBeNull();
  first?.cancel();
  expect(bench.dispatcher.held().awaited.deliveries).toBe(1);
});

test('when nobody waits any more before the attempt, nothing of its answer is kept', () => {
  bench = openDispatch([targetOf('app', app.url)]);
  ask('evt_0');
  bench.dispatcher.start();
  ask('evt_1')?.cancel();
  expect(bench.dispatcher.held().awaited).toEqual({ deliveries: 0, bytes: 0 });
});
