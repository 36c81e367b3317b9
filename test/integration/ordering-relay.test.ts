import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventHeaders } from '../support/knowledgesdk-event.ts';
import { failingAtRate, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess, relayConfig } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const JOBS = ['job-a', 'job-b', 'job-c'];
const EVENTS = 50;
const RETRY = { attempts: 100, initial: '20ms', factor: 1, max: '20ms', jitter: 0 };

let target: Receiver;
let relay: RelayProcess;
beforeEach(async () => {
  target = await startReceiver();
});
afterEach(async () => {
  await relay.remove();
  await target.close();
});

interface Sent {
  job: string | null;
  number: number;
}

/** @returns the event's id, or null when there was no acknowledgement */
async function send({ job, number }: Sent): Promise<string | null> {
  const body = JSON.stringify({ event: 'PAGE_SCRAPED', payload: job === null ? { number } : { jobId: job, number } });
  try {
    const answer = await fetch(relay.hookUrl, { method: 'POST', headers: eventHeaders(`${job}-${number}`), body });
    return answer.ok ? ((await answer.json()) as { eventId: string }).eventId : null;
  } catch {
    return null;
  }
}

function arrived(): Sent[] {
  return target.received.map(({ body }) => {
    const { jobId, number } = (JSON.parse(body.toString()) as { payload: { jobId?: string; number: number } }).payload;
    return { job: jobId ?? null, number };
  });
}

const numbersOf = (job: string): number[] => arrived().flatMap((sent) => (sent.job === job ? [sent.number] : []));

/** The same numbers each time, in [0, 1). */
function steadyChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Sends a job's events one after the other, each until it is acknowledged. @returns their ids in that order */
async function sendJob(job: string): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < EVENTS; number += 1) {
    ids.push(await waitFor(`acknowledgement of ${job} ${number}`, () => send({ job, number }), { timeoutMs: 20_000 }));
  }
  return ids;
}

test('each key arrives in the order in which it was accepted, over failures and a kill -9', { timeout: 60_000 }, async () => {
  target.behave(failingAtRate(0.2, 500, steadyChance(7)));
  const targetOptions = { concurrency: 16, ordering: 'body:payload.jobId', retry: RETRY };
  relay = await RelayProcess.start({ target: target.url, targetOptions });
  const sending = Promise.all(JOBS.map(sendJob));
  await waitFor('a part of it at the target', () => target.received.length > 45);
  await relay.kill();
  relay = await relay.startAgain();
  const ids = await sending;
  await waitFor('all delivered', async () => (await relay.admin.counts('app')).delivered === JOBS.length * EVENTS, {
    timeoutMs: 40_000,
  });
  for (const own of ids) expect(own).toEqual(own.toSorted());
  const repeats = JOBS.map((job) => {
    const numbers = numbersOf(job);
    // Repeats are attempts that failed, or whose result the kill took; nothing comes before its turn, and nothing late.
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(EVENTS);
    return numbers.length - EVENTS;
  });
  expect(repeats.every((count) => count > 0)).toBe(true);
});

test('a dead letter blocks its key until an operator acts, and others go on', async () => {
  target.behave(({ body }) => (body.includes('"number":0') && body.includes('job-a') ? { kind: 'answer', status: 500 } : ok));
  const retry = { ...RETRY, attempts: 1 };
  const ordering = { by: 'body:payload.jobId', onDead: 'block' };
  relay = await RelayProcess.start({ target: target.url, targetOptions: { ordering, retry } });
  const first = await send({ job: 'job-a', number: 0 });
  await waitFor('the dead letter', async () => (await relay.admin.counts('app')).dead === 1);
  for (const sent of [
    { job: 'job-a', number: 1 },
    { job: 'job-a', number: 2 },
    { job: 'job-b', number: 1 },
    { job: null, number: 1 },
  ])
    await send(sent);
  await waitFor('the others', async () => (await relay.admin.counts('app')).delivered === 2);
  expect(await relay.admin.metric('hookbay_ordering_blocked', { target: 'app' })).toBe(2);
  const { data } = (await relay.admin.get('/api/v1/deliveries?status=pending')) as { data: Record<string, unknown>[] };
  const [dead] = ((await relay.admin.get('/api/v1/deliveries?status=dead')) as { data: Record<string, unknown>[] }).data;
  expect(dead).toMatchObject({ eventId: first, orderingKey: 'job-a', waitsFor: null });
  const waiting = { orderingKey: 'job-a', reason: 'waits_for_order', nextAttemptAt: null, waitsFor: dead?.id };
  expect(data).toMatchObject([waiting, waiting]);

  target.behave(ok);
  await relay.admin.post(`/api/v1/deliveries/${dead?.id}/retry`);
  await waitFor('all delivered', async () => (await relay.admin.counts('app')).delivered === 5);
  expect(numbersOf('job-a')).toEqual([0, 0, 1, 2]);
});

test('switched off by a reload, what waited goes', async () => {
  target.behave({ kind: 'answer', status: 500 });
  const targetOptions = { ordering: { by: 'route', onDead: 'block' }, retry: { ...RETRY, attempts: 1 } };
  relay = await RelayProcess.start({ target: target.url, targetOptions });
  for (let number = 0; number < 5; number += 1) await send({ job: null, number });
  await waitFor('the dead letter', async () => (await relay.admin.counts('app')).dead === 1);
  target.behave(ok);
  const after = relayConfig({ target: target.url, targetOptions: { retry: RETRY } });
  writeFileSync(join(relay.folder, 'config.yaml'), JSON.stringify(after));
  await relay.admin.post('/api/v1/reload');
  await waitFor('the others', async () => (await relay.admin.counts('app')).delivered === 4);
});
