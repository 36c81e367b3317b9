import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeSignature } from '../../src/providers/hmac.ts';
import { sampleEvent, signRequest } from '../../src/providers/sign.ts';
import { parseSource, readPath } from '../../src/providers/source.ts';
import { parseMessage, parseTemplate } from '../../src/providers/template.ts';

describe('sources', () => {
  test('are read in their written form', () => {
    expect(parseSource('header:X-Id')).toEqual({ in: 'header', name: 'x-id' });
    expect(parseSource('X-Id')).toEqual({ in: 'header', name: 'x-id' });
    expect(parseSource('body:data.0.id')).toEqual({ in: 'body', path: ['data', '0', 'id'] });
  });

  test.each(['', 'header:', 'cookie:x', 'query:x', ':x'])('%j is none', (text) => {
    expect(() => parseSource(text)).toThrow(expect.objectContaining({ code: 'bad_source' }));
  });

  test('paths lead over own properties only', () => {
    expect(readPath({ a: [{ b: null }] }, ['a', '0', 'b'])).toBeNull();
    for (const path of [['x'], ['a', 'map'], ['__proto__'], ['constructor', 'name'], ['a', '0', 'b', 'c']]) {
      expect(readPath({ a: [{ b: null }] }, path)).toBeUndefined();
    }
  });
});

describe('templates', () => {
  test('are split at their placeholders', () => {
    expect(parseTemplate('v0:{timestamp}:{body}', () => true)).toEqual([
      { kind: 'text', text: 'v0:' },
      { kind: 'placeholder', name: 'timestamp' },
      { kind: 'text', text: ':' },
      { kind: 'placeholder', name: 'body' },
    ]);
    expect(parseMessage('{timestamp}.{body}')).toEqual(['timestamp', Buffer.from('.'), 'body']);
  });

  test.each(['{body', '{nonsense}{body}', '{}{body}', '{timestamp}', ''])('the message %j is refused', (text) => {
    expect(() => parseMessage(text)).toThrow(expect.objectContaining({ code: 'bad_template' }));
  });
});

describe('signing', () => {
  const body = Buffer.from([0xff, 0x00]);
  const now = 1_700_000_000_999;

  test('token and signature as the provider sends them', () => {
    const hex = createHmac('sha256', 's1').update('1700000000.').update(body).digest('hex');
    expect(signRequest('knowledgesdk', { tokens: ['t1', 't2'], hmacSecrets: ['s1', 's2'] }, body, now)).toEqual({
      'x-knowledgesdk-webhook-token': 't1',
      'x-knowledgesdk-timestamp': '1700000000',
      'x-knowledgesdk-signature': `sha256=${hex}`,
    });
    expect(signRequest('knowledgesdk', {}, body, now)).toEqual({});
  });

  test('a sample is the documented test event, under a key of its own', () => {
    const sample = sampleEvent('knowledgesdk', now);
    expect(JSON.parse(sample.body.toString())).toEqual({
      event: 'TESTING_CONNECTION',
      payload: { message: 'Test webhook from KnowledgeSDK' },
      timestamp: new Date(now).toISOString(),
      version: 1,
    });
    expect(sample.headers['content-type']).toBe('application/json');
    const key = sample.headers['x-knowledgesdk-dedup-key'];
    expect(key).toMatch(/^msg_[0-9a-f-]{36}$/);
    expect(sampleEvent('knowledgesdk', now).headers['x-knowledgesdk-dedup-key']).not.toBe(key);
  });
});

describe('signature fields', () => {
  const bytes = Buffer.alloc(32, 0xfb);
  const base64 = { prefix: 'v1,', algorithm: 'sha256', encoding: 'base64' } as const;
  const hex = { prefix: '', algorithm: 'sha256', encoding: 'hex' } as const;

  test('of the right length are decoded', () => {
    expect(decodeSignature(`v1,${bytes.toString('base64')}`, base64)).toEqual(bytes);
    expect(decodeSignature(bytes.toString('hex'), hex)).toEqual(bytes);
    expect(decodeSignature(bytes.toString('hex'), { ...hex, algorithm: 'sha1' })).toBeNull();
  });

  test.each([
    bytes.toString('base64'),
    `v1,${bytes.toString('base64').slice(0, -1)}`,
    `v1,${bytes.toString('base64')}=`,
    `v1, ${bytes.toString('base64')}`,
    `v1,${bytes.toString('base64url')}`,
    `v1,${bytes.subarray(1).toString('base64')}`,
    'v1,',
  ])('%j is no base64 signature', (field) => expect(decodeSignature(field, base64)).toBeNull());
});
