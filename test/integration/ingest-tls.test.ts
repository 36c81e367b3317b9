import { rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';
import { DEFAULT_TIMEOUTS, type PublicListenerOptions } from '../../src/ingest/listener.ts';
import { type CertificateFolder, certificateFolder, pem, shownCertificate } from '../support/certificates.ts';
import { RawClient, routeConfig, settings, startListener, TOKEN } from '../support/ingest.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { waitFor } from '../support/wait.ts';

const PATH = '/webhooks/knowledgesdk';
const LOOK_MS = 10_000;

let running: Awaited<ReturnType<typeof startListener>> | null = null;
let files: CertificateFolder;
beforeEach(() => {
  files = certificateFolder('first');
});
afterEach(async () => {
  await running?.listener.close();
  running = null;
  files.remove();
});

async function start(changes: Partial<PublicListenerOptions> = {}) {
  running = await startListener({ settings: { ...settings(), tls: files }, ...changes });
  return running;
}

function post(port: number, agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-knowledgesdk-webhook-token': TOKEN };
    const outgoing = request({ host: '127.0.0.1', port, path: PATH, method: 'POST', headers, agent }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
    });
    outgoing.on('error', reject);
    outgoing.end('{}');
  });
}

const trusting = (name: 'first' | 'second' | 'root'): Agent => new Agent({ ca: pem(name), keepAlive: true });

describe('webhooks over TLS', () => {
  test('are taken, by routes that require https too', async () => {
    const { admission } = routeConfig();
    const routes = [routeConfig({ admission: { ...admission, requireHttps: true } })];
    const hookbay = await start({ settings: { ...settings({}, routes), tls: files } });
    const agent = trusting('first');
    expect(await post(hookbay.port, agent)).toMatchObject({ status: 200 });
    agent.destroy();
    expect(hookbay.log.events[0]?.event.peer).toBe('127.0.0.1');
  });

  test('a chain leads to its root', async () => {
    files.put('chain');
    const hookbay = await start();
    expect(await shownCertificate(hookbay.port, pem('root'))).toBe('chain');
  });

  test('nothing older than TLS 1.2 is spoken', async () => {
    const { port, lines } = await start();
    const versionOf = (version: 'TLSv1.1' | 'TLSv1.2'): Promise<string | null> =>
      new Promise((resolve) => {
        const limits = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
        const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...limits }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', () => resolve(null));
      });
    expect(await versionOf('TLSv1.2')).toBe('TLSv1.2');
    expect(await versionOf('TLSv1.1')).toBeNull();
    await waitFor('the line about it', () => lines.some(({ message }) => message === 'tls_handshake_failed'));
  });

  test('a listener without a usable certificate is not made', async () => {
    files.put('first', 'second');
    await expect(start()).rejects.toMatchObject({ code: 'bad_certificate' });
    rmSync(files.keyFile);
    await expect(start()).rejects.toMatchObject({ code: 'certificate_unreadable' });
  });
});

describe('a certificate that changes', () => {
  const messages = (hookbay: Awaited<ReturnType<typeof start>>) => hookbay.lines.map(({ message }) => message);

  test('is shown to new connections, and those that are there go on', async () => {
    const clock = createManualClock();
    const hookbay = await start({ clock });
    const agent = trusting('first');
    await post(hookbay.port, agent);
    files.put('second');
    await clock.advance(LOOK_MS);
    await waitFor('the new certificate', async () => (await shownCertificate(hookbay.port)) === 'second');
    expect(await post(hookbay.port, agent)).toMatchObject({ status: 200 });
    agent.destroy();
    expect(await post(hookbay.port, trusting('second'))).toMatchObject({ status: 200 });
    expect(messages(hookbay)).toContain('certificate_loaded');
  });

  test('and is broken leaves the old one, is told of once, and is taken when it is whole', async () => {
    const clock = createManualClock();
    let planned = 0;
    const after: typeof clock.after = (delayMs, fire) => {
      if (delayMs === LOOK_MS) planned += 1;
      return clock.after(delayMs, fire);
    };
    const hookbay = await start({ clock: { ...clock, after } });
    const told = () => messages(hookbay).filter((message) => message === 'certificate_unusable').length;
    /** A look is over when the next one is planned. */
    const look = async (): Promise<void> => {
      const before = planned;
      await clock.advance(LOOK_MS);
      await waitFor('the end of the look', () => planned > before);
    };
    await look();
    expect(told()).toBe(0);
    files.put('second', 'first');
    await look();
    await look();
    expect(told()).toBe(1);
    expect(await shownCertificate(hookbay.port)).toBe('first');
    writeFileSync(files.certFile, 'half a certif');
    await look();
    rmSync(files.certFile);
    await look();
    await look();
    expect(told()).toBe(3);
    expect(await shownCertificate(hookbay.port)).toBe('first');
    files.put('second');
    await look();
    expect(await shownCertificate(hookbay.port)).toBe('second');
    expect(JSON.stringify(hookbay.lines)).not.toContain('PRIVATE KEY');
  });

  test('is read anew with every configuration', async () => {
    const hookbay = await start();
    files.put('second');
    hookbay.listener.configure({ ...settings(), tls: files });
    expect(await shownCertificate(hookbay.port)).toBe('second');
    const other = certificateFolder('chain');
    hookbay.listener.configure({ ...settings(), tls: other });
    expect(await shownCertificate(hookbay.port)).toBe('chain');
    other.remove();
    hookbay.listener.configure({ ...settings(), tls: other });
    expect(await shownCertificate(hookbay.port)).toBe('chain');
    expect(messages(hookbay)).toContain('certificate_unusable');
  });
});

describe('handshakes that do not end', () => {
  test('are cut off like slow clients, and are no refused requests', async () => {
    const timeouts = { ...DEFAULT_TIMEOUTS, headers: 200, check: 50 };
    const hookbay = await start({ timeouts });
    const silent = new RawClient(hookbay.port);
    const half = new RawClient(hookbay.port).send(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]));
    const http = new RawClient(hookbay.port).send(`GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`);
    await Promise.all([silent.closed, half.closed, http.closed]);
    expect(http.received).toBe('');
    expect(hookbay.rejections).toEqual([]);
    expect(hookbay.observed).toEqual([]);
    await waitFor('their lines', () => hookbay.lines.filter(({ message }) => message === 'tls_handshake_failed').length === 3);
  });

  test('do not hold up a stop', async () => {
    const hookbay = await start();
    const silent = new RawClient(hookbay.port);
    await waitFor('its connection', () => silent.socket.readyState === 'open');
    const other = await shownCertificate(hookbay.port); // the server has taken what came before
    expect(other).toBe('first');
    const before = systemClock.monotonic();
    await hookbay.listener.close();
    expect(systemClock.monotonic() - before).toBeLessThan(3_000);
    await silent.closed;
  });

  test('a request over TLS that is too slow is answered 408', async () => {
    const hookbay = await start({ timeouts: { ...DEFAULT_TIMEOUTS, headers: 100, request: 200, check: 50 } });
    const socket = connectTls({ port: hookbay.port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: a\r\n`);
    let received = '';
    for await (const chunk of socket) received += String(chunk);
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    expect(hookbay.rejections).toMatchObject([{ reason: 'request_timeout', peer: '127.0.0.1' }]);
  });
});
