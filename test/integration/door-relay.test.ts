import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRecord } from '../support/admin-client.ts';
import { shownCertificate } from '../support/certificates.ts';
import type { ChildProgram } from '../support/child-program.ts';
import { hookbay } from '../support/command-line.ts';
import { ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { launch, newFolder, RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

let receiver: Receiver;
let relay: RelayProcess | null = null;
beforeEach(async () => {
  receiver = await startReceiver();
  receiver.behave(ok);
});
afterEach(async () => {
  await relay?.remove();
  relay = null;
  await receiver.close();
});

const verify = { provider: 'knowledgesdk', token: TOKEN };
const post = (url: string, body: string): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { 'x-knowledgesdk-webhook-token': TOKEN } });

async function deliveries(of: RelayProcess): Promise<Record<string, unknown>[]> {
  const page = await of.admin.get('/api/v1/deliveries?limit=50');
  return isRecord(page) && Array.isArray(page.data) ? (page.data as Record<string, unknown>[]) : [];
}

describe('a body that does not match the schema', () => {
  const SCHEMA = { type: 'object', properties: { payload: { type: 'object', properties: { url: { type: 'string' } } } } };

  async function start(onInvalid: 'hold' | 'refuse'): Promise<RelayProcess> {
    const folder = newFolder();
    writeFileSync(join(folder, 'schema.json'), JSON.stringify(SCHEMA));
    const schema = { file: './schema.json', onInvalid };
    const routes = { knowledgesdk: { path: ROUTE_PATH, verify, deliver: ['app'], schema } };
    relay = await RelayProcess.start({ target: receiver.url, folder, config: { routes } });
    return relay;
  }

  test('is held, over a restart and a reload too, until it is released, and then delivered as it came', async () => {
    let at = await start('hold');
    const wrong = '{"event":"PAGE_SCRAPED","payload":{"url":7}}';
    expect((await post(at.hookUrl, wrong)).status).toBe(200);
    expect((await post(at.hookUrl, '{"event":"PAGE_SCRAPED","payload":{"url":"a"}}')).status).toBe(200);
    await waitFor('the result of the one that matches', async () => (await at.admin.counts('app')).delivered === 1);
    await at.kill();
    relay = at = await at.startAgain();
    await at.admin.post('/api/v1/reload');
    const [held] = (await deliveries(at)).filter(({ status }) => status === 'held');
    expect(held).toMatchObject({ reason: 'schema_invalid: /payload/url must be string', attempts: 0, finishedAt: null });
    expect(receiver.received).toHaveLength(1);
    await at.admin.post(`/api/v1/deliveries/${String(held?.id)}/release`);
    await waitFor('the one that was released', () => receiver.received.length === 2);
    expect(receiver.received[1]?.body.toString()).toBe(wrong);
    await waitFor('its result', async () => (await at.admin.counts('app')).delivered === 2);
    expect(await at.admin.counts('app')).toMatchObject({ held: 0, pending: 0 });
  });

  test('can be discarded', async () => {
    const at = await start('hold');
    await post(at.hookUrl, 'no JSON');
    const [held] = await deliveries(at);
    expect(held).toMatchObject({ status: 'held', reason: 'schema_invalid: the body is not a JSON object or array' });
    await at.admin.post(`/api/v1/deliveries/${String(held?.id)}/discard`);
    expect((await deliveries(at))[0]).toMatchObject({ status: 'cancelled', reason: 'discarded' });
    expect(receiver.received).toEqual([]);
  });

  test('stays held when its target goes and comes back', async () => {
    const at = await start('hold');
    await post(at.hookUrl, '[]');
    const file = join(at.folder, 'config.yaml');
    const before = readFileSync(file, 'utf8');
    const { targets, routes, ...rest } = JSON.parse(before) as { targets: object; routes: { knowledgesdk: object } };
    const other = { ...rest, targets: { ...targets, app: undefined, audit: { url: receiver.url } } };
    writeFileSync(file, JSON.stringify({ ...other, routes: { knowledgesdk: { ...routes.knowledgesdk, deliver: ['audit'] } } }));
    await at.admin.post('/api/v1/reload');
    writeFileSync(file, before);
    await at.admin.post('/api/v1/reload');
    expect((await post(at.hookUrl, '{}')).status).toBe(200);
    await waitFor('what matches', () => receiver.received.length === 1);
    expect(await at.admin.counts('app')).toMatchObject({ held: 1 });
  });

  test('is refused where that was asked for, and kept as a rejection', async () => {
    const at = await start('refuse');
    const answer = await post(at.hookUrl, '{"payload":{"url":7}}');
    expect([answer.status, await answer.json()]).toMatchObject([422, { code: 'schema_refused' }]);
    const found = await waitFor('the rejection', async () => {
      const page = await at.admin.get('/api/v1/rejections');
      return isRecord(page) && Array.isArray(page.data) && page.data.length > 0 && page.data;
    });
    expect(found).toMatchObject([{ reason: 'schema_refused', explanation: '/payload/url must be string' }]);
    expect(await deliveries(at)).toEqual([]);
  });
});

test('the backlog of a paused target fills up its own route and no other, and ends with it', async () => {
  const route = (path: string, target: string) => ({ path, verify, deliver: [target] });
  const config = {
    targets: { app: { url: receiver.url }, paused: { url: receiver.url } },
    limits: { backlog: 3 },
    // Its own deliveries are pending for a moment too, on a busy machine several at once.
    routes: { full: route('/full', 'paused'), other: { ...route('/other', 'app'), backlog: 1_000 } },
  };
  relay = await RelayProcess.start({ target: receiver.url, config });
  const at = relay;
  await at.admin.post('/api/v1/targets/paused/pause');
  const statusOf = async (path: string): Promise<number> => (await post(`${at.publicUrl}${path}`, '{}')).status;
  for (let i = 0; i < 3; i += 1) expect(await statusOf('/full')).toBe(200);
  const refused = await post(`${at.publicUrl}/full`, '{}');
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    503,
    '10',
    { code: 'backlog_full' },
  ]);
  for (let i = 0; i < 5; i += 1) expect(await statusOf('/other')).toBe(200);
  expect(await at.admin.metric('hookbay_requests_rejected_total', { reason: 'backlog_full', route: 'full' })).toBe(1);
  await at.kill();
  relay = await at.startAgain();
  expect((await post(`${relay.publicUrl}/full`, '{}')).status).toBe(503);
  await relay.admin.post('/api/v1/targets/paused/resume');
  const { publicUrl } = relay;
  await waitFor('room', async () => (await post(`${publicUrl}/full`, '{}')).status === 200);
});

describe('with TLS', () => {
  let program: ChildProgram | null = null;
  afterEach(async () => {
    await program?.kill();
  });

  const pathOf = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url));
  function put(folder: string, name: 'first' | 'second'): void {
    copyFileSync(pathOf(name), join(folder, 'cert.pem'));
    copyFileSync(pathOf(`${name}-key`), join(folder, 'key.pem'));
  }

  test('the health check and test events find their own listener, and SIGHUP takes a new certificate', async () => {
    const folder = newFolder();
    put(folder, 'first');
    const tls = { cert: './cert.pem', key: './key.pem' };
    const routes = { knowledgesdk: { path: ROUTE_PATH, verify, deliver: ['app'], requireHttps: true } };
    program = launch({ target: receiver.url, folder, config: { tls, routes } });
    const record = await program.record('listening', 30_000);
    const publicUrl = new URL(String(record.public));
    expect(publicUrl.protocol).toBe('https:');
    const sent = await hookbay(['send', '--route', 'knowledgesdk', '--url', String(record.admin)]);
    expect(sent).toMatchObject({ exitCode: 0 });
    await waitFor('the test event', () => receiver.received.length === 1);

    // With the port that it got: the configuration asks for any.
    const file = join(folder, 'fixed.yaml');
    const routesAsText = 'routes: { knowledgesdk: { path: /a, verify: none, deliver: "http://a/" } }';
    writeFileSync(file, `listen: ${publicUrl.host}\ntls: { cert: ./cert.pem, key: ./key.pem }\n${routesAsText}\n`);
    expect(await hookbay(['healthcheck', '--config', file, '--ready'])).toMatchObject({ exitCode: 0, stdout: 'ok\n' });
    expect(await hookbay(['healthcheck', '--url', publicUrl.origin])).toMatchObject({ exitCode: 1 });

    put(folder, 'second');
    program.signal('SIGHUP');
    await program.record('certificate_loaded', 10_000);
    expect(await shownCertificate(Number(publicUrl.port))).toBe('second');
    expect(await hookbay(['healthcheck', '--config', file])).toMatchObject({ exitCode: 0 });
  });
});
