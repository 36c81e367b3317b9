import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { bodyOfKey, postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const SECRET_PATH = '/services/T000/B000/canary-secret-path';

let target: Receiver;
let people: Receiver;
let others: Receiver;
let relay: RelayProcess;

beforeEach(async () => {
  target = await startReceiver({ kind: 'answer', status: 500 });
  people = await startReceiver();
  others = await startReceiver();
  relay = await RelayProcess.start({
    target: target.url,
    targetOptions: { retry: { attempts: 1 } },
    config: { alert: { url: `${people.url}${SECRET_PATH}`, refusals: '3/m' } },
  });
});
afterEach(async () => {
  await relay.remove();
  await Promise.all([target, people, others].map((receiver) => receiver.close()));
});

const told = (receiver: Receiver): string[] =>
  receiver.received.map(({ body }) => JSON.parse(body.toString())).map(({ state, key }) => `${state} ${key}`);
const waitForTold = (receiver: Receiver, words: string): Promise<unknown> => waitFor(words, () => told(receiver).includes(words));
const firing = (kind: string): Promise<number> => relay.admin.metric('hookbay_alerts_firing', { kind });

test('what happens in the relay is told, shown and measured, and follows a reload', { timeout: 60_000 }, async () => {
  await postEvent(relay.hookUrl, { key: 'a' });
  await waitForTold(people, 'firing dead_letter:app');

  await relay.admin.post('/api/v1/targets/app/pause', { reason: 'migration' });
  await waitForTold(people, 'firing target_paused:app');
  expect(await firing('target_paused')).toBe(1);

  for (let n = 0; n < 3; n += 1) await fetch(relay.hookUrl, { method: 'POST', body: '{}' });
  await waitForTold(people, 'firing refusals:knowledgesdk');
  expect(await relay.admin.get('/api/v1/alerts')).toMatchObject({
    data: [
      { kind: 'dead_letter', state: 'firing', target: 'app' },
      { kind: 'target_paused', summary: 'app is paused: migration' },
      { kind: 'refusals', route: 'knowledgesdk', detail: { verification_failed: 3 } },
    ],
  });
  expect(await relay.admin.post('/api/v1/alerts/test')).toEqual({
    data: [{ to: `${people.url}/[hidden]`, format: 'json', outcome: 'delivered', code: null }],
  });

  const file = join(relay.folder, 'config.yaml');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, alert: [config.alert, { url: others.url, backlogAge: 'off' }] }));
  await relay.admin.post('/api/v1/reload');
  await waitForTold(others, 'firing target_paused:app');

  await relay.admin.post('/api/v1/targets/app/resume');
  await waitForTold(people, 'resolved target_paused:app');
  await waitForTold(others, 'resolved target_paused:app');
  expect(await firing('target_paused')).toBe(0);
  expect(told(people).filter((words) => words === 'firing target_paused:app')).toHaveLength(1);
  expect(told(others)).toEqual(['firing target_paused:app', 'resolved target_paused:app']);
  expect(relay.program.lines.join('\n')).not.toContain('canary-secret-path');
});

test('a pause that an earlier run left is told at the start', { timeout: 60_000 }, async () => {
  await relay.admin.post('/api/v1/targets/app/pause', { reason: 'migration' });
  await waitForTold(people, 'firing target_paused:app');
  await relay.stop();
  people.received.length = 0;
  relay = await relay.startAgain();
  await waitForTold(people, 'firing target_paused:app');
  await relay.admin.post('/api/v1/targets/app/resume');
  await waitForTold(people, 'resolved target_paused:app');
});

test('a target that its own answer has paused is told', { timeout: 60_000 }, async () => {
  const file = join(relay.folder, 'config.yaml');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, targets: { app: { url: target.url, retry: { pauseOn: [410] } } } }));
  await relay.admin.post('/api/v1/reload');
  target.behave({ kind: 'answer', status: 410 });
  await postEvent(relay.hookUrl, { key: 'gone' });
  await waitForTold(people, 'firing target_paused:app');
  await relay.admin.post('/api/v1/targets/app/resume');
  await waitForTold(people, 'resolved target_paused:app');
});

test('the commands list alerts, send a test, and show bodies masked or whole', { timeout: 60_000 }, async () => {
  const run = (...argv: string[]) => hookbay(argv, { env: { HOOKBAY_ADMIN_URL: relay.adminUrl } });
  expect(await run('alert')).toMatchObject({ exitCode: 0, stderr: 'Nothing has alerted since the start.\n' });
  const sent = await run('alert', '--test');
  expect(sent).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(` 1  ${people.url}/[hidden]  json    delivered\n`) });
  people.behave({ kind: 'answer', status: 403 });
  const failed = await run('alert', '--test', '--json');
  expect(failed).toMatchObject({ exitCode: 1 });
  expect(JSON.parse(failed.stdout)).toMatchObject({ data: [{ outcome: 'failed', code: 'http_403' }] });
  expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: 'alert_failed' } });
  await relay.admin.post('/api/v1/targets/app/pause', { reason: 'migration' });
  expect((await run('alert')).stdout).toMatch(/firing +target_paused .*app is paused: migration/);

  const file = join(relay.folder, 'config.yaml');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, redact: { body: ['*'] } }));
  await relay.admin.post('/api/v1/reload');
  const answer = await postEvent(relay.hookUrl, { key: 'masked' });
  const { eventId } = JSON.parse(answer?.body ?? '');
  const whole = bodyOfKey('masked').toString();
  const shown = await run('events', eventId, '--body');
  expect(Object.values(JSON.parse(shown.stdout))).toEqual(Object.keys(JSON.parse(whole)).map(() => '***'));
  expect((await run('events', eventId, '--body', '--raw')).stdout).toBe(whole);
  expect((await run('events', eventId, '--raw')).exitCode).toBe(2);
  for (const raw of [[], ['--raw']]) {
    expect(await run('forward', '--to', others.url, '--event', eventId, ...raw)).toMatchObject({ exitCode: 0 });
  }
  expect(others.received.map(({ body }) => body.toString())).toEqual([shown.stdout, whole]);
  await relay.admin.post('/api/v1/targets/app/resume');
  await waitFor('delivery', () => target.received.length > 0);
  expect(target.received[0]?.body.toString()).toBe(whole);
});
