import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { postEvent } from '../support/event-client.ts';
import { ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

/** Wide enough for every column, as on a terminal. */
const TERMINAL = 140;

let good: Receiver;
let bad: Receiver;
let relay: RelayProcess;

/** What is different at every run, and the widths of columns that follow from it. */
const same = (text: string): string =>
  text
    .replaceAll(/(evt|dlv|rej|task)_[0-9a-z]{20}/g, '$1_0')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-03-20T14:30:00.000Z')
    .replaceAll(/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:0')
    .replaceAll(/\b(\d+s ago|now)\b/g, '1s ago')
    .replaceAll(/\b\d+(\.\d+)? ms\b/g, '1 ms')
    .replaceAll(/sha256 [0-9a-f]{64}/g, 'sha256 0')
    .replaceAll(/content-length: \d+/gi, 'content-length: 0')
    .replaceAll(/ {2,}/g, '  ')
    .replaceAll(/ +$/gm, '');

const shown = async (...argv: string[]): Promise<string> => {
  const { stdout, exitCode } = await hookbay([...argv, '--url', relay.adminUrl], { terminal: TERMINAL });
  expect([argv.join(' '), exitCode]).toEqual([argv.join(' '), 0]);
  return same(stdout);
};
const first = async (...argv: string[]): Promise<string> => {
  const { stdout } = await hookbay([...argv, '--json', '--url', relay.adminUrl]);
  return (JSON.parse(stdout) as { data: { id: string }[] }).data[0]?.id ?? '';
};

beforeAll(async () => {
  good = await startReceiver();
  bad = await startReceiver({ kind: 'answer', status: 500, body: 'out of order' });
  relay = await RelayProcess.start({
    target: good.url,
    config: {
      targets: { app: { url: good.url }, audit: { url: bad.url, retry: { attempts: 1 } } },
      routes: {
        knowledgesdk: { path: ROUTE_PATH, verify: { provider: 'knowledgesdk', token: TOKEN }, deliver: ['app', 'audit'] },
      },
    },
  });
  for (const key of ['first', 'second', 'second']) await postEvent(relay.hookUrl, { key });
  await fetch(relay.hookUrl, { method: 'POST', body: '{}', headers: { 'x-knowledgesdk-webhook-token': 'wrong' } });
  await waitFor('everything', async () => {
    const { app, audit } = { app: await relay.admin.counts('app'), audit: await relay.admin.counts('audit') };
    return app.delivered === 2 && audit.dead === 2 && (await first('rejections')) !== '';
  });
});
afterAll(async () => {
  await relay.remove();
  await good.close();
  await bad.close();
});

describe('what the commands print on a terminal', () => {
  it.each(
    [
      ['events'],
      ['events', '--status', 'dead'],
      ['deliveries'],
      ['deliveries', '--status', 'dead', '--target', 'audit'],
      ['targets'],
      ['targets', 'audit'],
      ['rejections'],
      ['tasks'],
      ['replay', '--status', 'dead', '--dry-run'],
    ].map((argv) => [argv.join(' '), argv] as const),
  )('%s', async (_words, argv) => {
    expect(await shown(...argv)).toMatchSnapshot();
  });

  it('one event, and one delivery', async () => {
    expect(await shown('events', await first('events'))).toMatchSnapshot();
    expect(await shown('deliveries', await first('deliveries', '--status', 'dead'))).toMatchSnapshot();
  });
});
