import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createConfirmation } from '../../src/ingest/confirmation.ts';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A stand-in for Amazon, which counts who asks. */
async function standIn(answer: RequestListener): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/?Token=canary`, asked };
}

const confirmation = (timeoutMs = 2_000) => createConfirmation({ timeoutMs, isAllowed: () => true });

test('the address is fetched once', async () => {
  const { url, asked } = await standIn((_, response) => void response.end('<ConfirmSubscriptionResponse/>'));
  expect(await confirmation().confirm(url)).toEqual({ kind: 'confirmed' });
  expect(asked).toEqual(['GET /?Token=canary']);
});

test('a redirect is not followed, an error not tried again', async () => {
  const { url, asked } = await standIn((_, response) => void response.writeHead(302, { location: '/other' }).end());
  expect(await confirmation().confirm(url)).toEqual({ kind: 'failed', reason: 'it was answered 302' });
  expect(asked).toHaveLength(1);
});

test('an answer without an end is not waited for', async () => {
  const { url } = await standIn((_, response) => void response.writeHead(200).write('x'.repeat(100_000)));
  expect(await confirmation().confirm(url)).toEqual({ kind: 'confirmed' });
});

test('silence ends with the time, and the address is not told', async () => {
  const { url } = await standIn(() => undefined);
  const result = await confirmation(50).confirm(url);
  expect(result).toEqual({ kind: 'failed', reason: 'ETIMEDOUT' });
  expect(JSON.stringify(result)).not.toContain('canary');
});

test('nobody listens', async () => {
  expect(await confirmation().confirm('http://127.0.0.1:1/')).toEqual({ kind: 'failed', reason: 'ECONNREFUSED' });
});

test('a name that resolves to an address of our own network is not asked', async () => {
  const { url, asked } = await standIn((_, response) => void response.end());
  const result = await createConfirmation().confirm(url.replace('127.0.0.1', 'localhost'));
  expect(result.kind).toBe('failed');
  expect(asked).toEqual([]);
});

test('only some at once', async () => {
  const { url } = await standIn(() => undefined);
  const subject = confirmation(500);
  const results = await Promise.all(Array.from({ length: 9 }, () => subject.confirm(url)));
  expect(results.filter(({ kind }) => kind === 'failed')).toHaveLength(9);
  expect(results.at(-1)).toEqual({ kind: 'failed', reason: 'too many confirmations at once' });
});
