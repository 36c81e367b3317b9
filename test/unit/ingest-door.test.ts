import { describe, expect, test } from 'vitest';
import type { AdmissionConfig } from '../../src/config/types.ts';
import { admission, turnedAway } from '../../src/ingest/door.ts';
import { isForwardedHttps, trustedProxies } from '../../src/ingest/peer.ts';
import { createManualClock } from '../support/manual-clock.ts';

const OPEN: AdmissionConfig = { sources: null, requireHttps: false, rateLimit: null, backlog: 10 };
const overHttps = (): boolean => true;
const overHttp = (): boolean => false;

describe('sources', () => {
  const rule = admission({ ...OPEN, sources: ['203.0.113.0/24', '2001:db8::/32', '::ffff:198.51.100.0/120', '192.0.2.1'] }, null);

  // biome-ignore format: a table reads by row
  test.each([
    ['203.0.113.0', true], ['203.0.113.255', true], ['203.0.114.0', false],
    ['192.0.2.1', true], ['192.0.2.2', false],
    ['::ffff:203.0.113.9', true], ['::ffff:cb00:7109', true], ['::ffff:203.0.114.9', false],
    ['198.51.100.7', true], ['::ffff:198.51.100.7', true], ['198.51.101.7', false],
    ['2001:db8::1', true], ['2001:DB8:0:0::1', true], ['2001:db9::1', false], ['::1', false], ['fe80::1%eth0', false],
    ['', false], ['unknown', false],
  ])('%s: %s', (peer, isTaken) => {
    expect(turnedAway(rule, peer, overHttps, 0)).toEqual(
      isTaken ? null : { code: 'source_not_allowed', explanation: `${peer} is not among the route's sources` },
    );
  });

  test('that are none are told of', () => {
    expect(() => admission({ ...OPEN, sources: ['10.0.0.0/33'] }, null)).toThrow(
      expect.objectContaining({ code: 'bad_source_range' }),
    );
  });
});

describe('https behind proxies', () => {
  const trusted = trustedProxies(['10.0.0.0/8']);

  // biome-ignore format: a table reads by row
  test.each([
    ['a trusted proxy that says so', '10.0.0.1', '198.51.100.1', 'https', true],
    ['a trusted proxy on a dual-stack socket', '::ffff:10.0.0.1', '198.51.100.1', 'HTTPS', true],
    ['a trusted proxy that says otherwise', '10.0.0.1', '198.51.100.1', 'http', false],
    ['a trusted proxy that says nothing', '10.0.0.1', '198.51.100.1', null, false],
    ['a trusted proxy that names no sender', '10.0.0.1', null, 'https', true],
    ['anybody', '198.51.100.1', null, 'https', false],
    ['anybody who names a trusted proxy', '198.51.100.1', '10.0.0.1', 'https', false],
    ['two proxies, one value', '10.0.0.1', '198.51.100.1, 10.0.0.2', 'https', true],
    ['two proxies, each with its own', '10.0.0.1', '198.51.100.1, 10.0.0.2', 'https, http', true],
    ['two proxies, the first over http', '10.0.0.1', '198.51.100.1, 10.0.0.2', 'http, https', false],
    ['a sender that wrote a value before that of the proxy', '10.0.0.1', 'fake, 198.51.100.1', 'https, http', false],
    ['a sender that wrote two', '10.0.0.1', 'fake, 10.9.9.9, 198.51.100.1', 'https, https, http', false],
    ['no remote address', undefined, null, 'https', false],
  ])('%s', (_name, remote, forwardedFor, forwardedProto, expected) => {
    expect(isForwardedHttps(remote, { forwardedFor, forwardedProto }, trusted)).toBe(expected);
  });

  test('nobody is believed where no proxy is trusted', () => {
    expect(isForwardedHttps('10.0.0.1', { forwardedFor: null, forwardedProto: 'https' }, null)).toBe(false);
  });

  test('only a route that requires it refuses', () => {
    expect(turnedAway(admission(OPEN, null), '192.0.2.1', overHttp, 0)).toBeNull();
    const strict = admission({ ...OPEN, requireHttps: true }, null);
    expect(turnedAway(strict, '192.0.2.1', overHttp, 0)).toMatchObject({ code: 'https_required' });
    expect(turnedAway(strict, '192.0.2.1', overHttps, 0)).toBeNull();
  });
});

describe('the rate', () => {
  test('lets its number in at once, then evenly, and says when', async () => {
    const clock = createManualClock();
    const rule = admission({ ...OPEN, rateLimit: { amount: 3, perMs: 60_000 } }, null);
    const ask = () => turnedAway(rule, '192.0.2.1', overHttps, clock.monotonic());
    expect([ask(), ask(), ask()]).toEqual([null, null, null]);
    expect(ask()).toMatchObject({ code: 'rate_limited', retryAfter: 20 });
    await clock.advance(12_500);
    expect(ask()).toMatchObject({ retryAfter: 8 });
    await clock.advance(7_500);
    expect([ask(), ask()?.code]).toEqual([null, 'rate_limited']);
    await clock.advance(3_600_000);
    expect([ask(), ask(), ask(), ask()?.code]).toEqual([null, null, null, 'rate_limited']);
  });

  test('names one second at least', () => {
    const rule = admission({ ...OPEN, rateLimit: { amount: 100, perMs: 1_000 } }, null);
    for (let i = 0; i < 100; i += 1) expect(turnedAway(rule, '', overHttps, 5)).toBeNull();
    expect(turnedAway(rule, '', overHttps, 5)).toMatchObject({ retryAfter: 1 });
  });

  test('is not spent by those who may not send', () => {
    const sources = ['192.0.2.1'];
    const rule = admission({ ...OPEN, sources, rateLimit: { amount: 1, perMs: 1_000 } }, null);
    for (let i = 0; i < 5; i += 1)
      expect(turnedAway(rule, '192.0.2.2', overHttps, 0)).toMatchObject({ code: 'source_not_allowed' });
    expect(turnedAway(rule, '192.0.2.1', overHttps, 0)).toBeNull();
  });

  test('goes on where it was after a reload, and anew when it is another', () => {
    const config = { ...OPEN, rateLimit: { amount: 1, perMs: 3_600_000 } };
    const first = admission(config, null);
    expect(turnedAway(first, '', overHttps, 0)).toBeNull();
    const second = admission({ ...config, requireHttps: true }, first);
    expect(turnedAway(second, '', overHttps, 0)).toMatchObject({ code: 'rate_limited', retryAfter: 3_600 });
    const third = admission({ ...config, rateLimit: { amount: 2, perMs: 3_600_000 } }, second);
    expect(turnedAway(third, '', overHttps, 0)).toBeNull();
  });
});
