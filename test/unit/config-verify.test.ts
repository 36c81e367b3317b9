import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { effectiveConfig, secretsOf } from '../../src/config/effective.ts';
import { type Fault, renderFault } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { judge } from '../support/providers.ts';

const file = (verify: string, more = '', head = ''): string =>
  `${head}routes:\n  hook:\n    verify: ${verify}\n    path: /hook\n    deliver: http://app/\n${more}`;
const load = (text: string) => loadConfig(text, { file: '/etc/config.yaml', env: { EMPTY: '' } });

function loaded(text: string): Config {
  const result = load(text);
  if (!result.ok) throw new Error(result.faults.map(renderFault).join('\n'));
  return result.config;
}

const verifyOf = (verify: string, head = '') => loaded(file(verify, '', head)).routes.get('hook')?.verify;
const PUBLIC = 'publicUrl: https://hooks.example.com\n';

describe('a provider', () => {
  test('is one line', () => {
    expect(verifyOf('{ provider: stripe, secret: whsec_something }')).toEqual(senderOf('stripe', { secret: 'whsec_something' }));
    expect(verifyOf('{ provider: github, secret: [old-secret, new-secret] }')).toEqual(
      senderOf('github', { secret: ['old-secret', 'new-secret'] }),
    );
    expect(verifyOf('{ provider: twilio, secret: 12345abcde }', PUBLIC)).toEqual(
      senderOf('twilio', { secret: '12345abcde', publicUrl: 'https://hooks.example.com' }),
    );
  });

  test('has parameters', () => {
    expect(verifyOf('{ provider: paypal, webhookId: 1AB }')).toEqual(senderOf('paypal', { params: { webhookId: '1AB' } }));
    expect(verifyOf('{ provider: assemblyai, header: x-my, token: the-token }')).toEqual(
      senderOf('assemblyai', { token: 'the-token', params: { header: 'x-my' } }),
    );
    const topic = 'arn:aws:sns:eu-central-1:123456789012:orders';
    expect(verifyOf(`{ provider: sns, topicArn: "${topic}" }`)).toEqual(senderOf('sns', { params: { topicArn: [topic] } }));
  });

  test('can be changed in single fields', () => {
    const changed = verifyOf(
      '{ provider: stripe, secret: a-secret-text, tolerance: 10m, message: "{timestamp}{body}", timestamp: "header:x-time", header: x-sig }',
    );
    expect(changed).toEqual(
      senderOf('stripe', {
        secret: 'a-secret-text',
        toleranceMs: 600_000,
        message: '{timestamp}{body}',
        timestamp: 'header:x-time',
        from: 'header:x-sig',
      }),
    );
  });

  test('of the user’s own is written in the schema of the presets', () => {
    const sender = verifyOf(`
      custom:
        kind: hmac
        from: header:stripe-signature
        parse: { item: ",", kv: "=", key: v1 }
        message: "{timestamp}.{body}"
        timestamp: { from: "sig:t", unit: s }
        secret: whsec_test
        id: [body:id, "{header:a}:{body:b}", hash]
        type: [body:type]`);
    const hex = '5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd';
    if (sender?.provider !== 'custom') throw new Error('not custom');
    expect(sender.id).toEqual(['body:id', { template: '{header:a}:{body:b}' }, 'hash']);
    expect(judge(sender, { headers: { 'stripe-signature': `t=1,v1=${hex}` }, body: '', at: 1000 })).toContain('does not match');
    expect(judge(sender, { headers: {}, body: '' })).toContain('no stripe-signature header');
  });

  test.each([
    '{ provider: stripe, secret: a-secret-of-24-characters, tolerance: 1h }',
    '{ provider: twilio, secret: a-secret-of-24-characters }',
    '{ provider: postmark, username: me, password: a-secret-of-24-characters, token: a-secret-of-24-characters, require: all }',
    '{ provider: assemblyai, header: x-my, token: a-secret-of-24-characters }',
    '{ provider: sns }',
    '{ provider: fal, tolerance: 1m }',
    '{ custom: { kind: token, from: bearer, secret: a-secret-of-24-characters, id: [hash] } }',
    '{ custom: { kind: basic, username: me, password: a-secret-of-24-characters } }',
    '{ custom: { kind: hmac, from: "header:x-*", each: "body:a", parse: { kv: "=", key: a }, secret: a-secret-of-24-characters, type: ["body:b"] } }',
  ])('%s is shown in the shape of the file, without its secret', (verify) => {
    const shown = effectiveConfig(loaded(file(verify, '', PUBLIC)));
    expect(JSON.stringify(shown)).not.toContain('24-characters');
    const again = stringify(shown).replaceAll('[hidden]', 'a-secret-of-24-characters');
    expect(effectiveConfig(loaded(again))).toEqual(shown);
    if (verify.includes('secret-of')) expect(secretsOf(loaded(again))).toEqual(['a-secret-of-24-characters']);
  });
});

type Row = [name: string, text: string, code: Fault['code'], path: string, suggestion?: string];
const v = (rest: string): string => `routes.hook.verify${rest}`;

// biome-ignore format: a table reads by row
const FAULTS: Row[] = [
  ['a misspelt provider', file('{ provider: strpe, secret: a-secret-text }'), 'bad_value', v('.provider'), 'stripe'],
  ['no secret', file('{ provider: stripe, secret: "${EMPTY}" }'), 'no_secret', v('')],
  ['another kind of secret', file('{ provider: gitlab, token: a-token-text, secret: a-secret-text }'), 'unknown_key', v('.secret'), 'token'],
  ['a key of another provider', file('{ provider: stripe, secret: a-secret-text, webhookId: a }'), 'unknown_key', v('.webhookId')],
  ['a misspelt key', file('{ provider: stripe, secrt: a-secret-text, secret: a-secret-text }'), 'unknown_key', v('.secrt'), 'secret'],
  ['a parameter that is missing', file('{ provider: paypal }'), 'missing_key', v('.webhookId')],
  ['a header that is not chosen', file('{ provider: assemblyai, token: a-token-text }'), 'missing_key', v('.header')],
  ['a password without a user', file('{ provider: postmark, password: a-password }'), 'missing_key', v('.username')],
  ['all of one secret', file('{ provider: postmark, token: a-token-text, require: all }'), 'one_secret', v('.require')],
  ['a topic that is none', file('{ provider: sns, topicArn: orders }'), 'bad_value', v('.topicArn')],
  ['a secret that is no base64', file('{ provider: std, secret: "whsec_???????" }'), 'bad_secret', v('.secret')],
  ['a second secret that is no hex', file('{ provider: adyen, secret: [00aa00aa, nothex-nothex] }'), 'bad_secret', v('.secret[1]')],
  ['a public key that is none', file('{ provider: discord, publicKey: abcd }'), 'bad_secret', v('.publicKey')],
  ['a signed URL that is not known', file('{ provider: twilio, secret: a-secret-text }'), 'no_public_url', v('.provider')],
  ['a template with an unknown parameter', file('{ provider: stripe, secret: a-secret-text, message: "{param:x}{body}" }'), 'bad_value', v('.message')],
  ['a template without the body', file('{ provider: stripe, secret: a-secret-text, message: "{timestamp}" }'), 'bad_value', v('.message')],
  ['two places', file('{ provider: stripe, secret: a-secret-text, from: "header:a", header: b }'), 'contradiction', v('.header')],
  ['a provider beside a scheme', file('{ provider: stripe, custom: { kind: token, from: bearer, secret: a-secret-text } }'), 'contradiction', v('.provider')],
  ['a scheme of no kind', file('{ custom: { kind: hmc, from: bearer, secret: a-secret-text } }'), 'bad_value', v('.custom.kind'), 'hmac'],
  ['a scheme without a secret', file('{ custom: { kind: token, from: bearer } }'), 'no_secret', v('.custom.secret')],
  ['a scheme without a place', file('{ custom: { kind: hmac, secret: a-secret-text } }'), 'missing_key', v('.custom.from')],
  ['a scheme with a place that is none', file('{ custom: { kind: token, from: x-token, secret: a-secret-text } }'), 'bad_value', v('.custom.from')],
  ['a scheme with a secret that is no base64', file('{ custom: { kind: hmac, from: bearer, key: { encoding: base64 }, secret: "????????" } }'), 'bad_secret', v('.custom.secret')],
  ['a scheme with an unknown key', file('{ custom: { kind: token, frm: bearer, from: bearer, secret: a-secret-text } }'), 'unknown_key', v('.custom.frm'), 'from'],
  ['a window for events without a key', file('{ provider: dropbox, secret: a-secret-text }', '    dedup: { window: 1h }\n'), 'no_dedup_key', 'routes.hook.dedup'],
  ['events without a type', file('{ provider: dropbox, secret: a-secret-text }').replace('http://app/', '{ target: "http://app/", events: [A] }'), 'no_event_type', 'routes.hook.deliver.events'],
];

test.each(FAULTS)('%s is a fault', (_name, text, code, path, suggestion) => {
  const result = load(text);
  const faults = result.ok ? [] : result.faults;
  expect(faults.map((fault) => ({ code: fault.code, path: fault.path }))).toEqual([{ code, path }]);
  expect(faults[0]?.suggestion).toBe(suggestion);
  expect(faults[0]?.line).toBeGreaterThan(0);
  expect(JSON.stringify(faults)).not.toMatch(/a-secret-text|whsec_\?/);
});

test('duplicates of a provider without ids are not looked for, unless the route says how', () => {
  const dedupOf = (more: string) =>
    loaded(file('{ provider: dropbox, secret: a-secret-text }', more)).routes.get('hook')?.dedup.kind;
  expect(dedupOf('')).toBe('none');
  expect(dedupOf('    dedup: body\n')).toBe('body');
});
