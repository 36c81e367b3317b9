import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../src/providers/message.ts';
import type { ProviderName } from '../../src/providers/presets.ts';
import { sampleRequest } from '../../src/providers/sample.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { signRequest } from '../../src/providers/sign.ts';
import { decodeSignature, parseSignatures, writeSignature } from '../../src/providers/signature.ts';
import { parseSource, readPath } from '../../src/providers/source.ts';
import { parseTemplate } from '../../src/providers/template.ts';

describe('sources', () => {
  test('are read in their written form', () => {
    expect(parseSource('header:X-Id')).toEqual({ in: 'header', name: 'x-id' });
    expect(parseSource('X-Id')).toEqual({ in: 'header', name: 'x-id' });
    expect(parseSource('body:data.0.id')).toEqual({ in: 'body', path: ['data', '0', 'id'] });
  });

  test.each(['', 'header:', 'cookie:x', 'query:', ':x'])('%j is none', (text) => {
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
  const plain = { method: 'POST', path: '/', query: '', headers: {}, body };
  const headersOf = (settings: object) => signRequest(senderOf('knowledgesdk', settings), plain, now).headers;

  test('token and signature as the provider sends them', () => {
    const hex = createHmac('sha256', 's1').update('1700000000.').update(body).digest('hex');
    expect(headersOf({ token: ['t1', 't2'], hmac: ['s1', 's2'] })).toEqual({
      'x-knowledgesdk-webhook-token': 't1',
      'x-knowledgesdk-timestamp': '1700000000',
      'x-knowledgesdk-signature': `sha256=${hex}`,
    });
    expect(headersOf({})).toEqual({});
  });

  test('a sample is the documented test event, under a key of its own', () => {
    const sender = senderOf('knowledgesdk', {});
    const sample = sampleRequest(sender, now);
    expect(JSON.parse(sample.body.toString())).toEqual({
      event: 'TESTING_CONNECTION',
      payload: { message: 'Test webhook from KnowledgeSDK' },
      timestamp: new Date(now).toISOString(),
      version: 1,
    });
    expect(sample.headers['content-type']).toBe('application/json');
    const key = sample.headers['x-knowledgesdk-dedup-key'];
    expect(key).toMatch(/^msg_[0-9a-f-]{36}$/);
    expect(sampleRequest(sender, now).headers['x-knowledgesdk-dedup-key']).not.toBe(key);
  });

  test('type and payload of a sample go where the provider has them', () => {
    const changes = { type: 'a.type', payload: { n: 1 } };
    const bodyOf = (provider: ProviderName) => JSON.parse(sampleRequest(senderOf(provider, {}), now, changes).body.toString());
    expect(bodyOf('knowledgesdk')).toMatchObject({ event: 'a.type', payload: { n: 1 } });
    expect(bodyOf('stripe')).toMatchObject({ type: 'a.type', data: { object: { n: 1 } } });
    expect(bodyOf('hubspot')).toMatchObject([{ n: 1, subscriptionType: 'a.type' }]);
    expect(sampleRequest(senderOf('github', {}), now, changes).headers['x-github-event']).toBe('a.type');
  });
});

describe('signature fields', () => {
  const bytes = Buffer.alloc(32, 0xfb);
  const base64 = bytes.toString('base64');

  test('of the right length are decoded', () => {
    expect(decodeSignature(base64, 'base64', 32)).toEqual(bytes);
    expect(decodeSignature(base64, 'base64', null)).toEqual(bytes);
    expect(decodeSignature(bytes.toString('hex'), 'hex', 32)).toEqual(bytes);
    expect(decodeSignature(bytes.toString('hex'), 'hex', 20)).toBeNull();
  });

  test.each([
    base64.slice(0, -1),
    `${base64}=`,
    ` ${base64}`,
    bytes.toString('base64url'),
    bytes.subarray(1).toString('base64'),
    '',
  ])('%j is no base64 signature', (text) => expect(decodeSignature(text, 'base64', 32)).toBeNull());

  test.each(['', 'f', 'fg', '0x00', `${bytes.toString('hex')}zz`])('%j is no hex signature', (text) => {
    expect(decodeSignature(text, 'hex', null)).toBeNull();
  });

  test('several in one field are taken apart, and what else is there is kept', () => {
    const parse = { item: ',', kv: '=', key: 'v1' };
    const { signatures, others } = parseSignatures('t=12, v1=aa==,v0=bb,v1=cc', parse);
    expect(signatures.map(({ text }) => text)).toEqual(['aa==', 'cc']);
    expect(Object.fromEntries(others)).toEqual({ t: '12', v0: 'bb' });
    expect(parseSignatures('t=1,t=2,v1=a', parse).others.get('t')).toBeNull();
    expect(parseSignatures(writeSignature('aa', parse, [['t', '1']]), parse).signatures).toEqual([{ key: 'v1', text: 'aa' }]);
  });
});
