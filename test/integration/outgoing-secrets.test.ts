import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isRecord } from '../support/admin-client.ts';
import { hookbay } from '../support/command-line.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const CANARY = 'CANARYcanaryCANARY';
const SECRETS = { bearer: `${CANARY}-bearer`, header: `${CANARY}-header`, proxy: `${CANARY}-proxy` };
/** In whatever form they go over the wire or into a URL. */
const TRACES = [CANARY, Buffer.from(`relay:${SECRETS.proxy}`).toString('base64').slice(0, 24)];

let relay: RelayProcess | undefined;
let app: Receiver | undefined;
let proxy: ConnectProxy | undefined;
afterEach(async () => {
  await relay?.remove();
  await proxy?.close();
  await app?.close();
});

/** A target that sends back every header that it got, in its body and in its head. */
async function echoing(status: number): Promise<Receiver> {
  app = await startReceiver(({ headers, rawHeaders }) => ({
    ...{ kind: 'answer', status, body: JSON.stringify(rawHeaders) },
    headers: { 'x-echo': headers.authorization ?? 'nothing', 'retry-after': '0' },
  }));
  return app;
}

async function start(target: string, proxyCredentials: string): Promise<RelayProcess> {
  proxy = await startConnectProxy(`relay:${SECRETS.proxy}`);
  relay = await RelayProcess.start({
    target,
    targetOptions: {
      auth: { bearer: SECRETS.bearer },
      headers: { add: { 'x-api-key': SECRETS.header } },
      proxy: `http://${proxyCredentials}@127.0.0.1:${proxy.port}`,
      retry: { attempts: 2, initial: '10ms', max: '10ms', jitter: 0 },
    },
  });
  return relay;
}

function traces(where: string, text: string): string[] {
  return TRACES.filter((trace) => text.includes(trace)).map((trace) => `${where}: ${trace}`);
}

/** Everything that the API says about the one delivery, its event, the target and the configuration. */
async function apiAnswers({ admin }: RelayProcess): Promise<[string, string][]> {
  const paths = ['/api/v1/config', '/api/v1/targets', '/api/v1/deliveries', '/api/v1/events', '/api/v1/routes', '/metrics'];
  const page = await admin.get('/api/v1/deliveries');
  const data = isRecord(page) && Array.isArray(page.data) ? page.data : [];
  const one = data.filter(isRecord).flatMap(({ id, eventId }) => [`/api/v1/deliveries/${id}`, `/api/v1/events/${eventId}`]);
  expect(one).not.toEqual([]);
  return Promise.all([...paths, ...one].map(async (path) => [path, JSON.stringify(await admin.get(path))] as [string, string]));
}

async function expectNoTrace(running: RelayProcess): Promise<void> {
  const found = (await apiAnswers(running)).flatMap(([path, text]) => traces(path, text));
  const checked = await hookbay(['check', '--config', join(running.folder, 'config.yaml')]);
  expect(checked.exitCode).toBe(0);
  found.push(...traces('check', checked.stdout + checked.stderr));
  await running.stop();
  found.push(...traces('log', running.program.lines.join('\n')));
  const data = join(running.folder, 'data');
  for (const name of readdirSync(data)) found.push(...traces(name, readFileSync(join(data, name), 'latin1')));
  expect(found).toEqual([]);
}

describe('credentials of a target and of its proxy are in no log line, answer of the API, file or output of `check`', () => {
  test.each([
    [200, 'delivered'],
    [500, 'dead'],
  ] as const)('when the target sends them back with %i', async (status, end) => {
    const target = await echoing(status);
    const running = await start(target.url, `relay:${SECRETS.proxy}`);
    expect(isAcknowledged(await postEvent(running.hookUrl, { key: 'echo' }))).toBe(true);
    await waitFor('end', async () => (await running.admin.counts('app'))[end] === 1);
    expect(target.received[0]?.headers).toMatchObject({ authorization: `Bearer ${SECRETS.bearer}`, 'x-api-key': SECRETS.header });
    await expectNoTrace(running);
  });

  test('when the proxy refuses them', async () => {
    const target = await echoing(200);
    const running = await start(target.url, `relay:${CANARY}-wrong`);
    expect(isAcknowledged(await postEvent(running.hookUrl, { key: 'refused' }))).toBe(true);
    await waitFor('end', async () => (await running.admin.counts('app')).dead === 1);
    expect(target.received).toEqual([]);
    await expectNoTrace(running);
  });

  test('when the configuration has faults beside them', async () => {
    const target = await echoing(200);
    const running = await start(target.url, `relay:${SECRETS.proxy}`);
    const file = join(running.folder, 'config.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      text.replace('"x-api-key"', '"hookbay-key"').replace('"bearer"', '"baerer"').replace('http://relay', 'htp://relay'),
    );
    const answer = await running.admin.call('POST', '/api/v1/reload');
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const checked = await hookbay(['check', '--config', file]);
    expect(checked.exitCode).toBe(2);
    expect(checked.stderr).toMatch(/bad_header/);
    expect([...traces('reload', JSON.stringify(answer)), ...traces('check', checked.stdout + checked.stderr)]).toEqual([]);
  });
});
