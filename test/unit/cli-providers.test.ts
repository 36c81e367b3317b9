import { describe, expect, it, test } from 'vitest';
import { PROVIDER_NAMES } from '../../src/providers/presets.ts';
import { describeProvider, type ProviderDescription } from '../../src/providers/words/description.ts';
import { hookbay } from '../support/command-line.ts';

describe('hookbay providers', () => {
  it('lists every preset in aligned columns, the hint apart', async () => {
    const { exitCode, stdout, stderr } = await hookbay(['providers']);
    expect(exitCode).toBe(0);
    const [head = '', ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^NAME +PROVIDER +KNOWN +VERIFIED BY +EVENT TYPE +DEDUP KEY$/);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(PROVIDER_NAMES);
    const at = head.indexOf('KNOWN');
    expect(new Set(rows.map((row) => row.slice(at).split('  ')[0]))).toEqual(
      new Set(['vendor-verified', 'documented', 'from catalogues']),
    );
    expect(stderr).toContain('hookbay providers NAME');
  });

  it('shows one with all that has to be typed and known', async () => {
    const { exitCode, stdout } = await hookbay(['providers', 'stripe']);
    expect(exitCode).toBe(0);
    for (const line of [
      /^provider +stripe \(Stripe\)$/m,
      /^known +vendor-verified: /m,
      /^configure +verify: \{ provider: stripe, secret: "\$\{STRIPE_WEBHOOK_SECRET\}" \}$/m,
      /^signature +stripe-signature header: t=<time>,v1=<hex>; any of several is enough$/m,
      /^ {2}message +\{timestamp\}\.\{body\}$/m,
      /^ {2}algorithm +HMAC-SHA-256, hex$/m,
      /^ {2}time +'t' in the signature, seconds since 1970; at most 5 minutes from now, either way$/m,
      /^dedup key +body:id$/m,
      /^event type +body:type$/m,
      /^try it +hookbay send --provider stripe --to .* --secret "\$STRIPE_WEBHOOK_SECRET"$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it.each([
    ['twilio', /^publicUrl +has to be configured.*[\s\S]* --public-url https:\/\/hooks\.example\.com$/m],
    [
      'assemblyai',
      /^configure +verify: \{ provider: assemblyai, header: x-webhook-token, token: .*[\s\S]* --param header=x-webhook-token$/m,
    ],
    ['knowledgesdk', /^configure .*token: .*\n +verify: \{ provider: knowledgesdk, hmac: /m],
    ['std', /^ {2}key +what follows whsec_ in the secret, decoded from base64$/m],
    ['figma', /^answers +stops for good when it is answered 400$/m],
    ['discord', /^try it +only the provider can sign: have it send a test event$/m],
    ['dropbox', /^dedup key +none: events carry no key$/m],
    ['meta', /^ +handshake: \{ verifyToken: "\$\{META_VERIFY_TOKEN\}" \}$/m],
    [
      'meta',
      /^handshake +GET where 'hub.mode' in the query is subscribe and with 'hub.challenge' in the query, where 'hub.verify_token'/m,
    ],
    ['asana', /^configure +verify: \{ provider: asana \}$[\s\S]*armed with `hookbay arm ROUTE`/m],
    ['websub', /x-hub-signature header: sha1\|sha256\|sha384\|sha512=<hex>/],
  ])('%s says what is particular about it', async (name, text) => {
    expect((await hookbay(['providers', name])).stdout).toMatch(text);
  });

  it('is JSON for programs', async () => {
    const list = JSON.parse((await hookbay(['providers', '--json'])).stdout) as { data: ProviderDescription[] };
    expect(list.data.map(({ name }) => name)).toEqual(PROVIDER_NAMES);
    const one = JSON.parse((await hookbay(['providers', 'github', '--json'])).stdout) as ProviderDescription;
    expect(one).toEqual(describeProvider('github'));
  });

  it.each([
    ['stirpe', 'stripe'],
    ['Stripe', 'stripe'],
    ['facebook', 'meta'],
    ['standardwebhooks', 'std'],
    ['amazon', 'sns'],
  ])('%s: did you mean %s', async (typed, meant) => {
    const { exitCode, stdout, stderr } = await hookbay(['providers', typed]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`There is no provider preset "${typed}". Did you mean ${meant}?`);
    expect(stderr).toContain('There are: knowledgesdk, adyen');
  });

  it('guesses nothing where nothing is near', async () => {
    expect((await hookbay(['providers', 'acme-corporation'])).stderr).not.toContain('Did you mean');
  });
});

test.each(PROVIDER_NAMES)('%s is described in full sentences and without a gap', (name) => {
  const provider = describeProvider(name);
  expect(provider.note).toMatch(/^[A-Z].*[.)]$/);
  expect(provider.verify).not.toEqual([]);
  const texts = JSON.stringify(provider);
  expect(texts).not.toMatch(/undefined|NaN|\[object|\{param:(?!webhookId)/);
  for (const { kind, message, algorithm } of provider.credentials) {
    if (kind !== 'token' && kind !== 'basic') expect([message, algorithm]).not.toContain(null);
  }
});
