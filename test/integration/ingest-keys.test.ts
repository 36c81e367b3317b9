import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { KeySource } from '../../src/ingest/key-source.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { routeConfig, settings, startListener } from '../support/ingest.ts';
import { MemoryKeys } from '../support/memory-keys.ts';

type Running = Awaited<ReturnType<typeof startListener>>;
const running: Running[] = [];
afterEach(async () => {
  for (const { listener } of running.splice(0)) await listener.close();
});

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const pages = { 'https://rest.fal.ai/.well-known/jwks.json': JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }) };

async function start(keys?: KeySource): Promise<Running> {
  const routes = [
    routeConfig({ name: 'fal', path: '/fal', verify: senderOf('fal', {}) }),
    routeConfig({ name: 'plain', path: '/plain', verify: { provider: 'none' }, dedup: { kind: 'none' } }),
  ];
  const hookbay = await startListener({ settings: settings({}, routes), ...(keys === undefined ? {} : { keys }) });
  running.push(hookbay);
  return hookbay;
}

function post(url: string, body: string, signer = privateKey): Promise<Response> {
  const seconds = String(Math.floor(Date.now() / 1000));
  const message = ['r', 'u', seconds, createHash('sha256').update(body).digest('hex')].join('\n');
  const headers = {
    'x-fal-webhook-request-id': 'r',
    'x-fal-webhook-user-id': 'u',
    'x-fal-webhook-timestamp': seconds,
    'x-fal-webhook-signature': sign(null, Buffer.from(message), signer).toString('hex'),
  };
  return fetch(`${url}/fal`, { method: 'POST', headers, body });
}

describe('a key that has to be fetched', () => {
  test('is waited for, and then judged by', async () => {
    const keys = new MemoryKeys(pages);
    const { url, log } = await start(keys);
    expect((await post(url, '{"request_id":"1","status":"OK"}')).status).toBe(200);
    expect((await post(url, '{"request_id":"2","status":"OK"}')).status).toBe(200);
    expect((await post(url, '{}', generateKeyPairSync('ed25519').privateKey)).status).toBe(401);
    expect(keys.asked).toHaveLength(1);
    expect(log.events.map(({ event }) => [event.type, event.dedup?.key])).toEqual([
      ['OK', '1'],
      ['OK', '2'],
    ]);
  });

  test('and cannot be had leaves the event with its sender, and is recorded', async () => {
    const { url, log, rejections } = await start(new MemoryKeys({}));
    const answer = await post(url, '{}');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(await answer.json()).toMatchObject({ code: 'key_unavailable' });
    expect(log.events).toEqual([]);
    expect(rejections).toMatchObject([{ reason: 'key_unavailable', explanation: expect.stringContaining('rest.fal.ai') }]);
    expect((await post((await start()).url, '{}')).status).toBe(503);
  });

  test('holds up nobody else', async () => {
    const loading = Promise.withResolvers<boolean>();
    const { url, log } = await start({ known: () => null, load: () => loading.promise });
    const waiting = post(url, '{}');
    expect((await fetch(`${url}/plain`, { method: 'POST', body: 'x' })).status).toBe(200);
    expect(log.events).toHaveLength(1);
    loading.resolve(false);
    expect((await waiting).status).toBe(503);
  });
});
