import { afterAll, beforeAll, expect, test } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { signed } from '../support/handshakes.ts';
import { startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';

const SECRET = 'canary_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl';
const BODY = '{"id":"1","type":"page.created"}';

let relay: RelayProcess;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
  const route = (provider: string) => ({ path: `/${provider}`, verify: { provider }, deliver: ['app'] });
  relay = await RelayProcess.start({
    target: receiver.url,
    config: { routes: { notion: route('notion'), asana: route('asana') } },
  });
});
afterAll(async () => {
  await relay.remove();
  await receiver.close();
});

const arm = (...argv: string[]) => hookbay(['arm', ...argv, '--url', relay.adminUrl]);
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(relay.publicUrl + path, { method: 'POST', body, headers });
const notionEvent = () => post('/notion', BODY, signed('x-notion-signature', SECRET, BODY, { prefix: 'sha256=' }));

test('a secret is learned while the route is armed, shown to the operator, and outlives the process', async () => {
  const token = JSON.stringify({ verification_token: SECRET });
  expect((await post('/notion', token)).status).toBe(401);
  expect((await arm('notion')).stdout).toMatch(/^notion takes the next secret/);
  expect((await post('/notion', token)).status).toBe(200);
  expect((await arm('notion', '--show')).stdout).toContain(SECRET);
  expect((await notionEvent()).status).toBe(200);

  expect((await arm('asana', '--minutes', '5')).exitCode).toBe(0);
  const handshake = await post('/asana', '{}', { 'x-hook-secret': SECRET });
  expect([handshake.status, handshake.headers.get('x-hook-secret')]).toEqual([200, SECRET]);

  await relay.kill();
  relay = await relay.startAgain();
  const again = await notionEvent();
  expect([again.status, await again.json()]).toMatchObject([200, { status: 'duplicate' }]);
  expect((await post('/asana', BODY, signed('x-hook-signature', SECRET, BODY))).status).toBe(200);
  expect(await relay.admin.post('/api/v1/routes/asana/test')).toMatchObject({ statusCode: 200 });
  expect((await post('/asana', '{}', { 'x-hook-secret': 'another-secret' })).status).toBe(401);
  expect(await arm('asana', '--off')).toMatchObject({ exitCode: 0, stdout: 'asana takes no secret any more.\n' });

  const shown = await Promise.all(['routes', 'config', 'events', 'rejections'].map((path) => relay.admin.get(`/api/v1/${path}`)));
  expect(JSON.stringify([shown, relay.program.lines])).not.toContain(SECRET);
});

test('a provider that hands nothing over is not armed, and neither is a route that is not there', async () => {
  const missing = await arm('nobody');
  expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nobody') });
});
