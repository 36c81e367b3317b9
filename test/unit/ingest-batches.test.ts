import { expect, test } from 'vitest';
import { keyRule } from '../../src/ingest/dedup-key.ts';
import { withLearned } from '../../src/ingest/route-secrets.ts';
import { presetOf } from '../../src/providers/presets.ts';
import { SNS_HOSTS } from '../../src/providers/sns-hosts.ts';
import { received } from '../support/ingest.ts';
import { trialSender } from '../support/providers.ts';

const keyOf = (provider: 'hubspot' | 'adyen', payload: object): string | null =>
  keyRule(
    { kind: 'preset', windowMs: 7 },
    trialSender(provider, 'ab'.repeat(32), { publicUrl: 'https://hooks.example.com' }),
  )(received([], JSON.stringify(payload)))?.key ?? null;

test('batches that begin with the same event are different events', () => {
  const item = (eventId: number): object => ({ subscriptionId: 1, eventId, occurredAt: 5 });
  expect(keyOf('hubspot', [item(1)])).toBe('1:1:5');
  const [first, second] = [keyOf('hubspot', [item(1), item(2)]), keyOf('hubspot', [item(1), item(3)])];
  expect(first).toMatch(/^sha256:/);
  expect(second).not.toBe(first);
});

test('a batch that comes again is the same event', () => {
  const item = (pspReference: string): object => ({
    NotificationRequestItem: { pspReference, eventCode: 'AUTHORISATION', success: 'true' },
  });
  const batch = { notificationItems: [item('a'), item('b')] };
  expect(keyOf('adyen', batch)).toBe(keyOf('adyen', batch));
  expect(keyOf('adyen', { notificationItems: [item('a')] })).toBe('a:AUTHORISATION:true');
});

test('a learned secret counts for a provider that hands one over, and for no other that the route has later', () => {
  const secretsWith = (provider: 'asana' | 'github'): readonly string[] => {
    const config = withLearned(trialSender(provider, 'the-configured-one'), ['the-learned-one']);
    return config.provider === 'none' ? [] : config.credentials.flatMap(({ secrets }) => secrets);
  };
  expect(secretsWith('asana')).toEqual(['the-configured-one', 'the-learned-one']);
  expect(secretsWith('github')).toEqual(['the-configured-one']);
});

test.each(['sns.us-east-1.amazonaws.com', 'sns.us-gov-west-1.amazonaws.com', 'sns.cn-north-1.amazonaws.com.cn'])(
  'the region %s is asked, for certificates and confirmations',
  (host) => {
    const [auth] = presetOf('sns').auth;
    expect(SNS_HOSTS.test(host)).toBe(true);
    expect(auth.kind === 'sns' && new RegExp(auth.host).test(host)).toBe(true);
  },
);

test.each(['sns.s3-us-west-2.amazonaws.com', 'sns.s3.amazonaws.com', 'sns.us-east-1.amazonaws.com.example.com', 'sns.evil.com'])(
  'the host %s, which may be anybody’s, is not asked',
  (host) => {
    const [auth] = presetOf('sns').auth;
    expect(SNS_HOSTS.test(host)).toBe(false);
    expect(auth.kind === 'sns' && new RegExp(auth.host).test(host)).toBe(false);
  },
);
