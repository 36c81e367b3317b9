import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../src/config/outgoing-address.ts';
import { HttpKeys, type HttpKeysOptions } from '../../src/ingest/http-keys.ts';
import type { KeyAddress } from '../../src/providers/keys.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { MemoryKeys } from '../support/memory-keys.ts';
import { selfSigned } from '../support/self-signed.ts';
import { keySourceContract, PAGES } from './key-source.ts';

const host = selfSigned('localhost');
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A real server on loopback, and a source that trusts it. */
async function start(changes: Partial<HttpKeysOptions> = {}, pages: Readonly<Record<string, string>> = { ...PAGES }) {
  const asked: string[] = [];
  const key = host.privateKey.export({ format: 'pem', type: 'pkcs8' });
  const server = createServer({ key, cert: host.certificate }, ({ url = '' }, response) => {
    asked.push(url);
    if (url === '/moved') response.writeHead(302, { location: '/keys.json' }).end();
    else if (url === '/endless') endless(response);
    else if (Object.hasOwn(pages, url)) response.end(pages[url]);
    else response.writeHead(404).end();
  });
  servers.push(server);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = createManualClock(Date.now());
  const source = new HttpKeys({ clock, logger: quiet, isAllowed: () => true, authorities: host.certificate, ...changes });
  const address = (page: string): KeyAddress => ({
    url: `https://localhost:${port}${page}`,
    format: 'jwks',
    algorithm: 'ed25519',
  });
  return { source, clock, asked, address, url: (page: string) => `https://localhost:${port}${page}` };
}

function endless(response: import('node:http').ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
  };
  response.on('drain', more);
  more();
}

keySourceContract('HttpKeys', () => start());
keySourceContract('MemoryKeys', async () => ({
  source: new MemoryKeys(Object.fromEntries(Object.entries(PAGES).map(([page, text]) => [`https://localhost${page}`, text]))),
  url: (page) => `https://localhost${page}`,
}));

describe('HttpKeys', () => {
  test('asks once for all who wait, and again only when keys may have changed', async () => {
    const { source, clock, asked, address } = await start();
    const at = address('/keys.json');
    expect(await Promise.all([source.load(at), source.load(at)])).toEqual([true, true]);
    expect(asked).toEqual(['/keys.json']);
    expect(source.known(at)?.mayHaveChanged).toBe(false);
    await clock.advance(61_000);
    expect(source.known(at)?.mayHaveChanged).toBe(true);
    await clock.advance(12 * 3_600_000);
    expect(source.known(at)).toBeNull();
  });

  test('leaves an address alone for a while after it failed', async () => {
    const { source, clock, asked, address } = await start();
    const at = address('/missing');
    expect(await source.load(at)).toBe(false);
    const before = asked.length;
    expect(await source.load(at)).toBe(false);
    expect(asked).toHaveLength(before);
    await clock.advance(10_001);
    expect(await source.load(at)).toBe(false);
    expect(asked.length).toBeGreaterThan(before);
  });

  test.each(['/moved', '/endless'])('%s is not followed to its end', async (page) => {
    const { source, asked, address } = await start();
    expect(await source.load(address(page))).toBe(false);
    expect(asked).not.toContain('/keys.json');
  });

  test('strangers cannot have it fetch without end', async () => {
    const { source, asked, address } = await start();
    for (let i = 0; i < 40; i += 1) await source.load(address(`/missing-${i}`));
    expect(new Set(asked).size).toBe(20);
    const other = await start();
    const results = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => other.source.load(other.address(`/keys.json?${i}`))));
    expect(results.filter(Boolean).length).toBeLessThanOrEqual(4);
  });

  test('asks no private address, no address that is written out, and nobody without a certificate that is trusted', async () => {
    const guarded = await start({ isAllowed: isPublicAddress });
    expect(await guarded.source.load(guarded.address('/keys.json'))).toBe(false);
    expect(guarded.asked).toEqual([]);
    const { source, address, asked } = await start({ authorities: selfSigned('localhost').certificate });
    expect(await source.load(address('/keys.json'))).toBe(false);
    const literal = address('/keys.json').url.replace('localhost', '127.0.0.1');
    expect(await source.load({ ...address('/'), url: literal })).toBe(false);
    expect(await source.load({ ...address('/'), url: literal.replace('https', 'http') })).toBe(false);
    expect(asked).toEqual([]);
  });

  test.each([
    ...['127.0.0.1', '10.1.2.3', '169.254.169.254', '100.64.0.1', '::1', '::ffff:10.0.0.1', 'fd00::1', 'fe80::1', '64:ff9b::1'],
    ...['2002::1', '0.0.0.0', 'localhost', ''],
  ])('%j is no address of the internet', (address) => expect(isPublicAddress(address)).toBe(false));

  test.each(['93.184.216.34', '2606:4700::1111', '8.8.8.8'])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});
