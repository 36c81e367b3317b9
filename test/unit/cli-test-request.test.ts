import { describe, expect, test } from 'vitest';
import { type TestRequestOptions, testRequest } from '../../src/cli/test-request.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { arrived, judge } from '../support/providers.ts';

const now = 1_767_225_600_000;
const url = new URL('http://127.0.0.1:8080/hook?tenant=7');
const send = (options: Partial<TestRequestOptions>) => testRequest({ provider: 'std', url, body: null, ...options }, now);

describe('what signs the URL', () => {
  const secret = 'a-secret-for-tests';

  test.each([
    ['the target itself', {}, 'http://127.0.0.1:8080', '/hook'],
    ['another host', { publicUrl: new URL('https://hooks.example.com') }, 'https://hooks.example.com', '/hook'],
    ['another path', { publicUrl: new URL('https://example.com/in/hook') }, 'https://example.com', '/in/hook'],
  ])('signs %s', (_name, more, publicUrl, path) => {
    for (const provider of ['twilio', 'square', 'hubspot'] as const) {
      const request = send({ provider, secret, ...more });
      const asSigned = { ...arrived(request, now), path };
      expect(judge(senderOf(provider, { secret, publicUrl }), asSigned)).toBe('verified');
      expect(judge(senderOf(provider, { secret, publicUrl: 'https://other.example.com' }), asSigned)).not.toBe('verified');
      expect(request.query).toBe('tenant=7');
    }
  });

  test('covers a body of your own as well', () => {
    const publicUrl = 'http://127.0.0.1:8080';
    const form = send({ provider: 'twilio', secret, body: Buffer.from('b=2&a=1') });
    expect(judge(senderOf('twilio', { secret, publicUrl }), arrived(form, now))).toBe('verified');
  });
});

test('of several credentials the token is meant, and the password where its user is named', () => {
  expect(send({ provider: 'postmark', secret: 'a-token' }).query).toBe('tenant=7&token=a-token');
  const basic = send({ provider: 'postmark', secret: 'a-password', param: ['username=hookbay'] });
  expect(basic.headers.authorization).toBe(`Basic ${Buffer.from('hookbay:a-password').toString('base64')}`);
  expect(basic.query).toBe('tenant=7');
  const both = send({ provider: 'knowledgesdk', secret: 'a-token', hmac: 'a-secret' });
  expect(Object.keys(both.headers)).toEqual(
    expect.arrayContaining(['x-knowledgesdk-webhook-token', 'x-knowledgesdk-signature', 'x-knowledgesdk-timestamp']),
  );
});

test('without a secret it is sent unsigned', () => {
  expect(Object.keys(send({ provider: 'github' }).headers).sort()).toEqual([
    'content-type',
    'x-github-delivery',
    'x-github-event',
  ]);
});
