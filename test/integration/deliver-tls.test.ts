import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { TargetTlsConfig } from '../../src/config/outgoing.ts';
import type { Attempt } from '../../src/domain/attempt.ts';
import { pem } from '../support/certificates.ts';
import { steadyRetry } from '../support/dispatch.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type SecureReceiver, type SecureSetup, startSecureReceiver } from '../support/secure-receiver.ts';
import { keyPair, openTarget, type TargetBench } from '../support/targets.ts';
import { waitFor } from '../support/wait.ts';

const DAY = 86_400_000;
const server = keyPair('localhost');
const elsewhere = keyPair('elsewhere.example');
const client = keyPair('the relay');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(setup: SecureSetup): Promise<SecureReceiver> {
  const started = await startSecureReceiver(setup);
  closing.push(() => started.close());
  return started;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'hookbay-target-tls-'));
  closing.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Files of a target with these texts. */
function files({ ca, own, serverName }: { ca?: string; own?: typeof client; serverName?: string }): TargetTlsConfig {
  const path = folder();
  const put = (name: string, text: string): string => {
    writeFileSync(join(path, name), text);
    return join(path, name);
  };
  return {
    caFile: ca === undefined ? null : put('ca.pem', ca),
    client: own === undefined ? null : { certFile: put('cert.pem', own.cert), keyFile: put('key.pem', own.key) },
    serverName: serverName ?? null,
  };
}

function target(url: string, tls: TargetTlsConfig | null, changes: Parameters<typeof openTarget>[1] = {}): TargetBench {
  const bench = openTarget(url, { ...changes, outgoing: { tls, ...changes.outgoing } });
  closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
  return bench;
}

function expectTlsFailure({ outcome, error }: Attempt, words: RegExp): void {
  expect(outcome).toBe('retry');
  expect(error?.code).toBe('tls_failed');
  expect(error?.message).toMatch(words);
  expect(error?.message).not.toMatch(/localhost|127\.0\.0\.1|https:/);
}

describe('a certificate that is wrong, in words', () => {
  test('from an authority that is not trusted', async () => {
    const app = await receiver(server);
    expectTlsFailure(await target(app.url, null).attempt(), /authority that is not trusted.*SELF_SIGNED/);
    expect(app.received).toEqual([]);
  });

  test('from a private authority, though a different one is trusted', async () => {
    const app = await receiver(server);
    expectTlsFailure(await target(app.url, files({ ca: elsewhere.cert })).attempt(), /authority that is not trusted/);
  });

  test('for another host', async () => {
    const app = await receiver(elsewhere);
    expectTlsFailure(await target(app.url, files({ ca: elsewhere.cert })).attempt(), /another host name.*ALTNAME/);
  });

  test('expired', async () => {
    const old = keyPair('localhost', { from: Date.now() - 3 * DAY, to: Date.now() - 2 * DAY });
    const app = await receiver(old);
    expectTlsFailure(
      await target(app.url, files({ ca: old.cert })).attempt(),
      /the target: the target's certificate has expired \(CERT_HAS_EXPIRED\)$/,
    );
  });

  test('not valid yet', async () => {
    const early = keyPair('localhost', { from: Date.now() + 2 * DAY, to: Date.now() + 3 * DAY });
    const app = await receiver(early);
    expectTlsFailure(await target(app.url, files({ ca: early.cert })).attempt(), /not valid yet/);
  });

  test('the target gets a right one: the next try heals', async () => {
    const old = keyPair('localhost', { from: Date.now() - 3 * DAY, to: Date.now() - 2 * DAY });
    const app = await receiver(old);
    const retry = steadyRetry(100, 20);
    const bench = target(app.url, files({ ca: `${old.cert}${server.cert}` }), { retry });
    const first = await bench.attempt();
    expectTlsFailure(first, /has expired/);
    app.show(server);
    await waitFor('delivery', () => bench.queue.rows()[0]?.state.status === 'delivered');
    expect(app.received).toHaveLength(1);
  });
});

describe('what is trusted', () => {
  test('a private authority, over an intermediate that the target sends', async () => {
    const app = await receiver({ cert: pem('chain'), key: pem('chain-key') });
    expect(await target(app.url, files({ ca: pem('root') })).attempt()).toMatchObject({ outcome: 'delivered', error: null });
  });

  test('a certificate for the configured name instead of the host', async () => {
    const app = await receiver(elsewhere);
    const tls = files({ ca: elsewhere.cert, serverName: 'elsewhere.example' });
    expect(await target(`https://127.0.0.1:${app.port}`, tls).attempt()).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a target that requires a client certificate', () => {
  test('gets it', async () => {
    const app = await receiver({ ...server, clientCa: client.cert });
    const bench = target(app.url, files({ ca: server.cert, own: client }));
    expect(await bench.attempt()).toMatchObject({ outcome: 'delivered', error: null });
    expect(app.received).toMatchObject([{ client: 'the relay' }]);
  });

  test('does not: that is said, and nothing is sent', async () => {
    const app = await receiver({ ...server, clientCa: client.cert });
    expectTlsFailure(await target(app.url, files({ ca: server.cert })).attempt(), /requires a client certificate/);
    expect(app.received).toEqual([]);
  });

  test('gets one that it does not know', async () => {
    const app = await receiver({ ...server, clientCa: elsewhere.cert });
    const { outcome, error } = await target(app.url, files({ ca: server.cert, own: client })).attempt();
    // Node's server closes the connection without an alert, so nobody can say more.
    expect({ outcome, code: error?.code }).toEqual({ outcome: 'retry', code: 'connection_reset' });
    expect(app.received).toEqual([]);
  });
});

describe('files that change', () => {
  const LOOK_MS = 10_000;

  test('are taken without a restart, for new connections; what cannot be used is told of once and changes nothing', async () => {
    const app = await receiver({ ...server, clientCa: `${client.cert}${elsewhere.cert}` });
    const tls = files({ ca: server.cert, own: client });
    const clock = createManualClock(Date.now());
    const bench = openTarget(app.url, { outgoing: { tls } }, clock);
    closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
    const delivered = async (): Promise<string | null> => {
      expect(await bench.attempt()).toMatchObject({ outcome: 'delivered' });
      return app.received.at(-1)?.client ?? null;
    };
    const certFile = tls.client?.certFile ?? '';
    const keyFile = tls.client?.keyFile ?? '';
    const unusable = (): number => bench.messages().filter((message) => message === 'target_certificate_unusable').length;
    // A look reads files, which a clock that stands does not wait for.
    const looked = (what: string, seen: () => boolean): Promise<boolean> =>
      waitFor(what, async () => {
        await clock.advance(LOOK_MS);
        return seen();
      });

    expect(await delivered()).toBe('the relay');
    writeFileSync(certFile, elsewhere.cert);
    await looked('complaint', () => unusable() > 0);
    await clock.advance(LOOK_MS);
    expect(await delivered()).toBe('the relay');
    writeFileSync(keyFile, elsewhere.key);
    await looked('new certificate', () => bench.messages().includes('target_certificate_loaded'));
    expect(await delivered()).toBe('elsewhere.example');
    expect(unusable()).toBe(1);
    expect(JSON.stringify(bench.lines)).not.toContain('PRIVATE KEY');
    await waitFor('closed connection', () => app.open() === 1);
  });
});
