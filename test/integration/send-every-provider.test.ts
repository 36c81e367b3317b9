import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestSender } from '../../src/admin/test-sender.ts';
import type { RouteConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { isProviderName, PROVIDER_NAMES, presetOf } from '../../src/providers/presets.ts';
import { customSender, senderOf } from '../../src/providers/sender.ts';
import { isSignable } from '../../src/providers/sign.ts';
import { routeConfig, settings, startListener } from '../support/ingest.ts';
import { trialSender } from '../support/providers.ts';

const signable = PROVIDER_NAMES.filter((name) => isSignable(presetOf(name)));
const own = customSender(
  { kind: 'token', secret: 'secret', from: 'bearer' },
  { secrets: ['a-secret'], id: ['body:meta.id'], type: ['header:x-type'], params: {}, publicUrl: null },
);
const route = (name: string, verify: RouteConfig['verify']): RouteConfig => routeConfig({ name, path: `/${name}`, verify });
const routes = [
  ...signable.map((name) =>
    route(name, trialSender(name, undefined, name === 'assemblyai' ? { params: { header: 'x-my-choice' } } : {})),
  ),
  route('custom', own),
  route('none', { provider: 'none' }),
  route('paypal', senderOf('paypal', { params: { webhookId: 'WH-1' } })),
];

let hookbay: Awaited<ReturnType<typeof startListener>>;
beforeAll(async () => {
  hookbay = await startListener({ settings: settings({}, routes) });
});
afterAll(() => hookbay.listener.close());

const sender = () =>
  createTestSender({
    routes: () => new Map(routes.map((each) => [each.name, each])),
    publicListener: () => ({ address: { host: '127.0.0.1', port: hookbay.port }, certFile: null }),
    clock: systemClock,
  });

test.each([...signable, 'custom', 'none'])('a test event of %s is taken by its route', async (name) => {
  const statusCode = (isProviderName(name) ? presetOf(name).reply?.ok : undefined) ?? 200;
  expect(await sender().send(name, { type: null, payload: null })).toMatchObject({ kind: 'answered', statusCode });
});

test('a type is put where the provider has it', async () => {
  for (const name of ['stripe', 'github', 'twilio', 'custom']) {
    await sender().send(name, { type: 'a.type', payload: null });
    expect(hookbay.log.events.at(-1)?.event).toMatchObject({ route: name, type: 'a.type' });
  }
});

test('a provider whose key nobody else has cannot be signed for', async () => {
  await expect(sender().send('paypal', { type: null, payload: null })).rejects.toMatchObject({ code: 'cannot_sign' });
});

test('a header that carries a token is in no rejection, whatever its name', async () => {
  const headers = { 'x-my-choice': 'wrong-value', 'X-Plain': 'kept' };
  await fetch(`${hookbay.url}/assemblyai`, { method: 'POST', headers, body: '{}' });
  expect(JSON.stringify(hookbay.rejections.at(-1))).toContain('kept');
  expect(JSON.stringify(hookbay.rejections)).not.toContain('wrong-value');
});
