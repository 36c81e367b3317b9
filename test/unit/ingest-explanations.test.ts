import { describe, expect, test } from 'vitest';
import { sampleRequest } from '../../src/providers/sample.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { signRequest } from '../../src/providers/sign.ts';
import { arrived, judge, type ProviderRequest } from '../support/providers.ts';

const NOW = Date.UTC(2026, 2, 20, 14, 30);
const SECRET = 'the-secret-of-this-route';
const stripe = senderOf('stripe', { secret: SECRET });
const github = senderOf('github', { secret: SECRET });
const gitlab = senderOf('gitlab', { token: SECRET });

/** A request of Stripe as it arrives; `ageMs` after it was signed. */
function fromStripe({
  secret = SECRET,
  ageMs = 0,
  ...changes
}: Partial<ProviderRequest> & { secret?: string; ageMs?: number } = {}) {
  const sender = senderOf('stripe', { secret });
  const request = signRequest(sender, sampleRequest(sender, NOW), NOW);
  return { ...arrived(request, NOW + ageMs), ...changes };
}

describe('what an operator reads of a refused signature', () => {
  test('made with another secret, or for another body: nobody can tell, so both are said', () => {
    const expected =
      'the stripe-signature header does not match the body under any configured secret: it was made with a secret that is not configured here or the body was changed on the way';
    expect(judge(stripe, fromStripe({ secret: 'another-secret' }))).toBe(expected);
    expect(judge(stripe, fromStripe({ body: '{}' }))).toBe(expected);
  });

  test('an empty body is named', () => {
    expect(judge(stripe, fromStripe({ body: '' }))).toContain('the body, which is empty, was lost on the way');
  });

  test('right but too old, or ahead of the clock', () => {
    expect(judge(stripe, fromStripe({ ageMs: 7 * 60_000 }))).toBe(
      'the stripe-signature header matches the body, but with a timestamp 420 s in the past (7 minutes), 300 s are allowed: is a clock wrong, or was the request held back or sent again?',
    );
    expect(judge(stripe, fromStripe({ ageMs: -3_600_000 }))).toMatch(
      /3600 s in the future \(1 hour\), 300 s are allowed: is a clock wrong\?$/,
    );
  });

  test('wrong in both says both', () => {
    expect(judge(stripe, fromStripe({ secret: 'another-secret', ageMs: 420_000 }))).toMatch(
      /does not match .*; it also has a timestamp 420 s in the past/,
    );
  });

  test('cut off on the way', () => {
    const headers = { 'x-hub-signature-256': 'sha256=abcdef' };
    expect(judge(github, { headers, body: '{}' })).toBe(
      'the x-hub-signature-256 header is not sha256=<64 hex digits>: was it cut off on the way, or does somebody else send here?',
    );
  });

  test('where the URL is signed, the one that was taken, without its query', () => {
    const twilio = senderOf('twilio', { secret: SECRET, publicUrl: 'https://hooks.example.com' });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': Buffer.alloc(20).toString('base64'),
    };
    const explanation = judge(twilio, { headers, body: 'a=1', path: '/in/twilio', query: 'canary=1' });
    expect(explanation).toMatch(/or the provider was given another URL than https:\/\/hooks\.example\.com\/in\/twilio$/);
  });

  test('a time that is missing or no time', () => {
    const slack = senderOf('slack', { secret: SECRET });
    const signature = { 'x-slack-signature': `v0=${'0'.repeat(64)}` };
    expect(judge(slack, { headers: signature, body: '{}' })).toBe(
      'a signature, but no timestamp: no x-slack-request-timestamp header, which it covers',
    );
    expect(judge(slack, { headers: { ...signature, 'x-slack-request-timestamp': 'noon' }, body: '{}' })).toBe(
      'the x-slack-request-timestamp header is not a timestamp in seconds since 1970',
    );
  });
});

describe('what an operator reads when a credential is missing or another', () => {
  test('none at all: is it the right path?', () => {
    expect(judge(stripe, { headers: {}, body: '{}' })).toBe(
      'no stripe-signature header: is it set up at the provider, and is this the path that it was given?',
    );
  });

  test('a request that looks like one of another provider', () => {
    const headers = { 'X-GitHub-Event': 'push', 'x-hub-signature-256': 'sha256=00' };
    expect(judge(stripe, { headers, body: '{}' })).toMatch(
      /^no stripe-signature header: .*; it looks like a request of GitHub, by its x-github-event header$/,
    );
    // Meta signs as GitHub does, so the header is there and only its secret is wrong.
    const meta = senderOf('meta', { secret: SECRET });
    expect(judge(meta, { headers: { ...headers, 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }, body: '{}' })).toMatch(
      /does not match .*; it looks like a request of GitHub/,
    );
  });

  test("a provider's own headers, and those that it shares with others, tell nothing", () => {
    expect(judge(github, { headers: { 'x-github-event': 'push' }, body: '{}' })).not.toContain('looks like');
    const clerk = senderOf('clerk', { secret: `whsec_${Buffer.from(SECRET).toString('base64')}` });
    expect(judge(clerk, { headers: { 'svix-id': 'msg_1' }, body: '{}' })).not.toContain('looks like');
    expect(judge(stripe, { headers: { 'webhook-id': 'msg_1', 'x-signature': '00' }, body: '{}' })).not.toContain('looks like');
  });

  test('another token, and one that differs by its scheme only', () => {
    expect(judge(gitlab, { headers: { 'x-gitlab-token': 'another' }, body: '{}' })).toBe(
      'the x-gitlab-token header does not match any configured token: another one is set at the provider, or somebody else sent this',
    );
    const okta = senderOf('okta', { token: SECRET });
    expect(judge(okta, { headers: { authorization: `Bearer ${SECRET}` }, body: '{}' })).toContain(
      "it would without 'Bearer' before it: configure the token as the provider sends it",
    );
    expect(judge(okta, { headers: { authorization: 'Bearer another-one' }, body: '{}' })).not.toContain('it would');
  });

  test('two that contradict each other', () => {
    const headers: [string, string][] = [
      ['x-gitlab-token', SECRET],
      ['x-gitlab-token', 'another'],
    ];
    expect(judge(gitlab, { headers, body: '{}' })).toContain('which one counts cannot be known: does a proxy add one?');
  });

  test('nothing that was configured or sent is repeated', () => {
    const all = [
      judge(stripe, fromStripe({ secret: 'canary-secret' })),
      judge(gitlab, { headers: { 'x-gitlab-token': 'canary-token' }, body: '{"canary":1}' }),
      judge(senderOf('okta', { token: SECRET }), { headers: { authorization: `Bearer ${SECRET}` }, body: 'canary' }),
      judge(senderOf('figma', { token: SECRET }), { headers: {}, body: '{"passcode":"canary"}' }),
    ];
    for (const explanation of all) {
      expect(explanation).not.toBe('verified');
      expect(explanation).not.toMatch(new RegExp(`canary|${SECRET}`));
    }
  });
});
