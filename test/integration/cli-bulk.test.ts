import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { bodyOfKey, postEvent } from '../support/event-client.ts';
import { linesOf } from '../support/exports.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { newFolder, RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const KEYS = Array.from({ length: 130 }, (_, index) => `key-${index}`);

describe('bulk commands against a running relay', () => {
  let relay: RelayProcess;
  let receiver: Receiver;
  const folder = newFolder();
  const ask = (...argv: string[]) => hookbay([...argv, '--url', relay.adminUrl], { cwd: folder });
  const output = (name: string): string => join(folder, name);

  beforeAll(async () => {
    receiver = await startReceiver();
    const admin = { listen: '127.0.0.1:0', callbackSecret: SECRET, callbackAllow: ['127.0.0.1'] };
    relay = await RelayProcess.start({ target: `${receiver.url}/app`, config: { admin } });
    await Promise.all(KEYS.map((key) => postEvent(relay.hookUrl, { key })));
    await waitFor('deliveries', async () => (await relay.admin.counts('app')).delivered === KEYS.length);
  });
  afterAll(async () => {
    await relay.remove();
    await receiver.close();
  });

  it('export events into a file, whole, and for its owner alone', async () => {
    const exported = await ask('export', '--all', '-o', 'all.ndjson');
    expect(exported).toMatchObject({ exitCode: 0, stderr: '' });
    expect(exported.stdout).toMatch(/^Wrote 130 of 130 matched to all\.ndjson \(.* KiB\)\.\n$/);
    const lines = linesOf(output('all.ndjson')) as unknown as { dedupKey: string; body: string }[];
    expect(lines.map(({ dedupKey }) => dedupKey).toSorted()).toEqual(KEYS.toSorted());
    for (const { dedupKey, body } of lines) expect(body).toBe(bodyOfKey(dedupKey).toString());
    expect(statSync(output('all.ndjson')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['all.ndjson']);

    const again = await ask('export', '--all', '-o', 'all.ndjson');
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--force') });
  });

  it('export what a filter matches, as JSON for programs, and once more by the task', async () => {
    const { stdout } = await ask('export', '--type', 'NOTHING', '-o', 'none.ndjson', '--json');
    const task = JSON.parse(stdout);
    expect(task).toMatchObject({
      kind: 'export',
      status: 'completed',
      matched: 0,
      done: 0,
      bytes: 0,
      file: output('none.ndjson'),
    });
    expect(readFileSync(output('none.ndjson'), 'utf8')).toBe('');
    const started = JSON.parse((await ask('export', '--target', 'app', '--no-wait', '--json')).stdout);
    const fetched = await ask('export', '--task', started.id, '-o', 'later.ndjson');
    expect(fetched.stdout).toContain('Wrote 130 of 130');
    expect(linesOf(output('later.ndjson'))).toHaveLength(130);
    expect(await ask('export', '--task', 'task_1', '-o', 'unknown.ndjson')).toMatchObject({ exitCode: 1 });
    expect(existsSync(output('unknown.ndjson'))).toBe(false);
  });

  it('list tasks, show one and cancel one', async () => {
    await relay.admin.post('/api/v1/targets/app/pause');
    const slow = JSON.parse((await ask('replay', '--all', '--rate', '1/h', '--no-wait', '--json')).stdout);
    await waitFor('its first step', async () => JSON.parse((await ask('tasks', slow.id, '--json')).stdout).done === 1);
    expect((await ask('tasks')).stdout).toMatch(new RegExp(`^TASK +KIND +STATUS[^]*${slow.id} +replay +running +1/130 +0 `));
    expect((await ask('tasks', '--cancel', slow.id)).stdout).toMatch(/status +cancelled/);
    expect((await ask('tasks', slow.id)).stdout).toMatch(/progress +1 of 130 done, 0 could not be/);
    expect(JSON.parse((await ask('tasks', '-n', '1', '--json')).stdout).data).toMatchObject([
      { id: slow.id, status: 'cancelled' },
    ]);
    await relay.admin.post('/api/v1/targets/app/resume');
  });

  it('say once what is wrong', async () => {
    const { stderr, exitCode } = await ask('replay', '--all', '--rate', '10x');
    expect({ stderr, exitCode }).toEqual({
      stderr: 'error: body.rateLimit: expected a rate, for example "100/s"\n',
      exitCode: 1,
    });
  });

  it('do once what has one idempotency key, and have its end told', async () => {
    const replay = ['replay', '--type', 'PAGE_SCRAPED', '--deliver-to', 'app', '--idempotency-key', 'k1'];
    const tell = ['--callback-url', `${receiver.url}/done`, '--json'];
    const first = JSON.parse((await ask(...replay, ...tell)).stdout);
    const second = JSON.parse((await ask(...replay, ...tell)).stdout);
    expect(second.id).toBe(first.id);
    expect(first).toMatchObject({ kind: 'replay', status: 'completed', matched: 130, done: 130 });
    const told = await waitFor('the callback', () => receiver.received.find(({ url }) => url === '/done'));
    const said = new Webhook(SECRET).verify(told.body.toString(), told.headers as Record<string, string>);
    const counts = { matched: 130, done: 130, failed: 0 };
    expect(said).toEqual({ taskId: first.id, kind: 'replay', status: 'completed', ...counts, resultUrl: null });
    const other = await ask('replay', '--all', '--idempotency-key', 'k1');
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('with another request') });
  });

  it('have the end of a task told that a killed relay has not told', async () => {
    receiver.behave(({ url }) => ({ kind: 'answer', status: url === '/late' ? 503 : 200 }));
    const tell = ['--no-wait', '--callback-url', `${receiver.url}/late`, '--json'];
    const { id } = JSON.parse((await ask('export', '--all', ...tell)).stdout);
    await waitFor('a first try', () => receiver.received.some(({ url }) => url === '/late'));
    await relay.kill();
    receiver.received.length = 0;
    receiver.behave({ kind: 'answer', status: 200 });
    relay = await relay.startAgain();
    const told = await waitFor('the callback', () => receiver.received.find(({ url }) => url === '/late'));
    const resultUrl = `/api/v1/tasks/${id}/download`;
    expect(JSON.parse(told.body.toString())).toMatchObject({ taskId: id, status: 'completed', done: 130, resultUrl });
    await waitFor('it to be noted', async () => JSON.parse((await ask('tasks', id, '--json')).stdout).callback.state === 'told');
    expect(relay.program.lines.join('\n')).not.toContain(SECRET);
    expect((await ask('export', '--task', id, '-o', 'after.ndjson')).stdout).toContain('Wrote 130 of 130');
  });
});
