import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerValue } from '../../src/domain/header-list.ts';
import { readHead } from '../../src/ingest/head.ts';
import { InFlightBytes } from '../../src/ingest/in-flight.ts';
import { peerAddress, trustedProxies } from '../../src/ingest/peer.ts';
import { TokenBucket } from '../../src/ingest/token-bucket.ts';

describe('head', () => {
  const fault = (...hosts: string[]) =>
    readHead(
      hosts.flatMap((host) => ['Host', host]),
      true,
    ).fault;

  test.each([
    'example.com',
    'example.com:8080',
    'localhost',
    '127.0.0.1:80',
    '[::1]',
    '[2001:db8::1]:443',
    'a_b.example',
    'example.com:',
  ])('the host %s is taken', (host) => expect(fault(host)).toBeNull());

  test.each([
    '',
    ' ',
    'a b',
    'a/b',
    'user@host',
    'a,b',
    'host:port',
    'host:123456',
    '[::1',
    '::1',
    '[::g]',
    '[]',
    'a\u0000b',
    'exämple',
  ])('the host %j is refused', (host) => expect(fault(host)).not.toBeNull());

  test('no host is refused in HTTP/1.1 only, two are refused always', () => {
    expect(fault()).toContain('missing');
    expect(readHead([], false).fault).toBeNull();
    expect(fault('a', 'a')).toContain('more than one');
  });

  test('names, values, order and repeats stay', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (fields) => {
        expect(readHead(fields.flat(), false).headers).toEqual(fields);
      }),
    );
  });

  test('length, type and forwarding', () => {
    const head = (...raw: string[]) => readHead(raw, false);
    expect(head()).toMatchObject({ length: 0, contentType: null, forwardedFor: null });
    expect(head('CONTENT-LENGTH', '12', 'Content-type', 'a/b', 'content-type', 'c/d')).toMatchObject({
      length: 12,
      contentType: 'a/b',
    });
    expect(head('Transfer-Encoding', 'chunked')).toMatchObject({ length: null });
    expect(head('X-Forwarded-For', 'a', 'x-forwarded-for', 'b')).toMatchObject({ forwardedFor: 'a,b' });
    expect(
      headerValue(
        [
          ['A', '1'],
          ['b', '2'],
          ['a', '3'],
        ],
        'a',
      ),
    ).toBe('1, 3');
  });
});

describe('peer', () => {
  const trusted = trustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

  test.each<[string, string | null, string, string]>([
    ['203.0.113.5', '198.51.100.1', '203.0.113.5', 'an untrusted peer is the peer, whatever it says'],
    ['10.0.0.1', '198.51.100.1', '198.51.100.1', 'a trusted proxy says who it was'],
    ['10.0.0.1', '1.1.1.1, 198.51.100.1, 10.2.3.4', '198.51.100.1', 'the right-most untrusted one counts'],
    ['10.0.0.1', '1.1.1.1,198.51.100.1,192.0.2.7', '198.51.100.1', 'a single trusted address'],
    ['::ffff:10.0.0.1', '198.51.100.1:4711', '198.51.100.1', 'mapped addresses and ports'],
    ['fd00::1', '[2001:db8::1]:443', '2001:db8::1', 'IPv6'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', 'all trusted: the first of them'],
    ['10.0.0.1', '198.51.100.1, unknown', '10.0.0.1', 'no address: the proxy itself'],
    ['10.0.0.1', '', '10.0.0.1', 'an empty field'],
    ['10.0.0.1', null, '10.0.0.1', 'no field'],
  ])('%s with %j is %s (%s)', (remote, forwarded, peer) => {
    expect(peerAddress(remote, forwarded, trusted)).toBe(peer);
  });

  test('without trusted proxies the field counts for nothing', () => {
    expect(peerAddress('10.0.0.1', '198.51.100.1', trustedProxies([]))).toBe('10.0.0.1');
  });

  test.each(['nonsense', '10.0.0.0/33', '10.0.0.0/x', 'fd00::/129', '10.0.0.0/8/9', '10.0.0.0/', '10.0.0.0/-1', ''])(
    'the range %j is refused',
    (range) => {
      expect(() => trustedProxies([range])).toThrow(expect.objectContaining({ code: 'bad_trusted_proxy' }));
    },
  );
});

test('in-flight bytes are taken whole or not at all', () => {
  const bytes = new InFlightBytes(10);
  expect(bytes.reserve(6)).toBe(true);
  expect(bytes.reserve(5)).toBe(false);
  expect(bytes.reserve(4)).toBe(true);
  expect(bytes.reserve(0)).toBe(true);
  bytes.release(10);
  expect(bytes.used).toBe(0);
});

test('a bucket gives its burst, then its rate', () => {
  const bucket = new TokenBucket({ perSecond: 2, burst: 3 });
  const taken = (now: number) => [1, 2, 3, 4].filter(() => bucket.take(now)).length;
  expect(taken(1_000)).toBe(3);
  expect(taken(1_400)).toBe(0);
  expect(taken(2_000)).toBe(2);
  expect(taken(60_000)).toBe(3);
});
