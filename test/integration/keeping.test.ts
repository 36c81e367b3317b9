import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { postEvent } from '../support/event-client.ts';
import { startReceiver } from '../support/receiver.ts';
import { launch, RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

/** Nothing listens there: every attempt is refused at once. */
const NOBODY = 'http://127.0.0.1:1/hooks';

let relay: RelayProcess;
afterEach(() => relay.remove());

const ask = (...argv: string[]) => hookbay([...argv, '--url', relay.adminUrl]);

async function sent(key: string): Promise<string> {
  const answer = await postEvent(relay.hookUrl, { key });
  return (JSON.parse(answer?.body ?? '{}') as { eventId: string }).eventId;
}

const storage = (keys: { id: string; key: string }[]) => ({
  storage: { url: 'sqlite:./data/hookbay.db', minFree: '1MiB', encryption: { keys } },
});

describe('with encryption', () => {
  const key = randomBytes(32).toString('base64');
  const other = randomBytes(32).toString('hex');

  test('what was acknowledged before a kill is delivered after it, and the key is shown nowhere', async () => {
    const receiver = await startReceiver();
    relay = await RelayProcess.start({ target: NOBODY, config: storage([{ id: 'k1', key }]) });
    const id = await sent('first');
    await relay.kill();
    const logs = [...relay.program.lines];
    const twoKeys = storage([
      { id: 'k2', key: other },
      { id: 'k1', key },
    ]);
    relay = await relay.startAgain({ target: receiver.url, config: twoKeys });
    await waitFor('the delivery', () => receiver.received.length > 0);
    expect(receiver.received[0]?.body.toString()).toContain('"event"');
    await waitFor('the settled delivery', async () => (await relay.admin.counts('app')).delivered === 1);
    expect((await ask('events', id)).stdout).toMatch(/dedup key +first[\s\S]*sha256 [0-9a-f]{64}/);
    const check = await hookbay(['check', '--config', join(relay.folder, 'config.yaml')]);
    const said = [...logs, ...relay.program.lines, JSON.stringify(await relay.admin.get('/api/v1/config')), check.stdout].join(
      '\n',
    );
    expect(said).toContain('"k1"');
    for (const secret of [key, other]) expect(said).not.toContain(secret);
    expect(await relay.admin.get('/api/v1/config/settings')).toEqual({ encrypted: true, bodySearch: false });
    const search = await relay.admin.call('GET', '/api/v1/search?body=x');
    expect(search).toMatchObject({ status: 409, body: { code: 'body_search_off' } });
    await receiver.close();
  });

  test('another key under the same id is no start; without the key the start says what cannot be read', async () => {
    relay = await RelayProcess.start({ target: NOBODY, config: storage([{ id: 'k1', key }]) });
    await sent('first');
    await relay.stop();
    const wrong = launch({ target: NOBODY, config: storage([{ id: 'k1', key: other }]), folder: relay.folder });
    await waitFor('the end', () => wrong.exit !== null, { timeoutMs: 20_000 });
    expect(wrong.exit).toMatchObject({ code: 1 });
    expect(wrong.lines.join('\n')).toContain('is not the one under which');
    expect(wrong.lines.join('\n')).not.toContain(other);
    relay = await relay.startAgain({ config: storage([{ id: 'k2', key: other }]) });
    expect(await relay.program.record('encryption key missing')).toMatchObject({ missingKeys: ['k1'] });
    await waitFor('the held delivery', async () => (await relay.admin.counts('app')).held === 1);
  });
});

describe('events --delete', () => {
  test('asks on a terminal, wants --yes elsewhere, and leaves the key', async () => {
    relay = await RelayProcess.start({ target: NOBODY });
    const id = await sent('first');
    expect(await ask('events', id, '--delete')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--yes') as string,
    });
    const terminal = { terminal: 80 };
    const declined = await hookbay(['events', id, '--delete', '--url', relay.adminUrl], { ...terminal, stdin: 'no\n' });
    expect(declined).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Nothing was deleted') as string });
    expect((await ask('events', id)).exitCode).toBe(0);
    const agreed = await hookbay(['events', '--delete', id, '--url', relay.adminUrl], { ...terminal, stdin: 'yes\n' });
    expect(agreed.stdout).toBe('1 event deleted, 1 open delivery cancelled.\n');
    expect(await ask('events', id)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('was deleted') as string });
    expect(await sent('first')).toBe(id);
  });

  test('with a filter', async () => {
    relay = await RelayProcess.start({ target: NOBODY });
    for (const key of ['a', 'b', 'c']) await sent(key);
    expect(await ask('events', '--delete', '--yes')).toMatchObject({ exitCode: 2 });
    expect(JSON.parse((await ask('events', '--delete', '--yes', '--route', 'knowledgesdk', '--json')).stdout)).toEqual({
      ...{ deleted: 3, cancelled: 3, rejections: 0, erased: true },
    });
    expect(await ask('events', '--delete', '--yes', '--status', 'pending')).toMatchObject({ stdout: '0 events deleted.\n' });
  });
});

test('ages and keys are shown as they are in effect', async () => {
  relay = await RelayProcess.start({ target: NOBODY });
  const config = (await relay.admin.get('/api/v1/config')) as { routes: { knowledgesdk: object }; storage: object };
  expect(config.routes.knowledgesdk).toMatchObject({ keep: null });
  expect(config.storage).toMatchObject({
    retention: { delivered: '14d', dead: '90d', filtered: '14d', cancelled: '14d', bodies: null, maxSize: null },
    encryption: null,
  });
  expect(await relay.admin.get('/api/v1/config/settings')).toEqual({ encrypted: false, bodySearch: true });
});
