import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exportFolderOf } from '../../src/admin/tasks.ts';
import { isRecord } from '../support/admin-client.ts';
import { bodyOfKey, isAcknowledged, postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

/** Enough for a few steps of 100, so that a kill meets a task in its midst. */
const EVENTS = 700;
const AT_ONCE = 32;
const KILLS = 3;
/** Bytes of a body, for a step that takes a while. */
const LARGE = 32 * 1024;

interface Task {
  status: string;
  matched: number;
  done: number;
  failed: number;
}

async function filled(relay: RelayProcess, size: number): Promise<string[]> {
  const keys = Array.from({ length: EVENTS }, (_, index) => `bulk-${index}`);
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    const answers = await Promise.all(keys.slice(start, start + AT_ONCE).map((key) => postEvent(relay.hookUrl, { key, size })));
    expect(answers.every(isAcknowledged)).toBe(true);
  }
  return keys;
}

const taskOf = async (relay: RelayProcess, id: string): Promise<Task> => (await relay.admin.get(`/api/v1/tasks/${id}`)) as Task;

async function started(relay: RelayProcess, path: string, body: object): Promise<string> {
  const answer = await relay.admin.post(path, body);
  return isRecord(answer) ? String(answer.taskId) : '';
}

/** Kills the relay each time the task has come further, and starts it again; then lets it finish. */
async function killedInTheMidst(relay: RelayProcess, id: string): Promise<{ relay: RelayProcess; kills: number }> {
  let current = relay;
  let kills = 0;
  for (let done = 0; kills < KILLS; kills += 1) {
    const task = await waitFor(
      'progress',
      async () => {
        const now = await taskOf(current, id);
        return (now.done > done || now.status === 'completed') && now;
      },
      { everyMs: 1 },
    );
    if (task.status === 'completed') break;
    done = task.done;
    await current.kill();
    current = await current.startAgain();
  }
  await waitFor('the end of the task', async () => (await taskOf(current, id)).status === 'completed');
  return { relay: current, kills };
}

const keyOf = (request: Receiver['received'][number]): string => String(request.headers['x-knowledgesdk-dedup-key']);

test('a replay that is killed neither skips nor repeats', async () => {
  const target = await startReceiver({ kind: 'answer', status: 500 });
  let relay = await RelayProcess.start({ target: target.url, targetOptions: { retry: { attempts: 1 }, breaker: 'off' } });
  try {
    const keys = await filled(relay, 1024);
    await waitFor('dead letters', async () => (await relay.admin.counts('app')).dead === EVENTS, { timeoutMs: 30_000 });
    await relay.admin.post('/api/v1/targets/app/pause'); // what is due is counted, not tried
    const filter = { status: 'dead', target: 'app' };
    const id = await started(relay, '/api/v1/replays', { filter, targets: ['app'], rateLimit: '500/s' });
    const ended = await killedInTheMidst(relay, id);
    relay = ended.relay;
    expect(ended.kills).toBeGreaterThan(0);
    expect(await taskOf(relay, id)).toMatchObject({ matched: EVENTS, done: EVENTS, failed: 0 });
    expect(await relay.admin.counts('app')).toMatchObject({ pending: EVENTS, dead: EVENTS });
    target.received.length = 0;
    target.behave({ kind: 'answer', status: 200 });
    await relay.admin.post('/api/v1/targets/app/resume');
    await waitFor('deliveries', async () => (await relay.admin.counts('app')).delivered === EVENTS, { timeoutMs: 30_000 });
    expect(target.received.map(keyOf).toSorted()).toEqual(keys.toSorted());
  } finally {
    await relay.remove();
    await target.close();
  }
});

test('an export that is killed neither skips nor repeats, and every body is whole', async () => {
  const target = await startReceiver();
  let relay = await RelayProcess.start({ target: target.url });
  try {
    const keys = await filled(relay, LARGE);
    const id = await started(relay, '/api/v1/exports', { filter: { all: true } });
    const ended = await killedInTheMidst(relay, id);
    relay = ended.relay;
    expect(ended.kills).toBeGreaterThan(0);
    expect(await taskOf(relay, id)).toMatchObject({ matched: EVENTS, done: EVENTS, failed: 0 });
    const download = await fetch(`${relay.adminUrl}/api/v1/tasks/${id}/download`);
    const lines = (await download.text()).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { dedupKey: string; body: string });
    expect(events.map(({ dedupKey }) => dedupKey).toSorted()).toEqual(keys.toSorted());
    for (const { dedupKey, body } of events) expect(body).toBe(bodyOfKey(dedupKey, LARGE).toString());
    expect(readdirSync(exportFolderOf(relay.database))).toEqual([`${id}.ndjson`]);
  } finally {
    await relay.remove();
    await target.close();
  }
});
