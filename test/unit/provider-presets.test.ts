import { describe, expect, test } from 'vitest';
import { keyRule } from '../../src/ingest/dedup-key.ts';
import { eventType } from '../../src/ingest/route-table.ts';
import { PROVIDER_NAMES, presetOf } from '../../src/providers/presets.ts';
import { secretName, senderOf } from '../../src/providers/sender.ts';
import { isSignable, signRequest } from '../../src/providers/sign.ts';
import { parseSource } from '../../src/providers/source.ts';
import { arrived, CASES, NAMED_CASES, NOW, ruleFor, signed, unsigned } from '../support/provider-cases/cases.ts';
import { CHECKS, verdictOf } from '../support/provider-cases/checks.ts';
import { applicable, reasonAgainst } from '../support/provider-cases/credential-case.ts';
import { mac } from '../support/provider-cases/shared-secret.ts';

describe('the table of cases', () => {
  test('has every preset with every credential, and nothing else', () => {
    expect(Object.keys(CASES).sort()).toEqual([...PROVIDER_NAMES].sort());
    for (const provider of PROVIDER_NAMES) {
      const settings = CASES[provider].map(({ configure }) => configure(['first']).settings);
      const configured = presetOf(provider).auth.map((scheme) => secretName(scheme));
      expect(settings, provider).toHaveLength(configured.length);
      configured.forEach((name, index) => {
        if (name !== null) expect(settings[index], provider).toHaveProperty(name);
      });
    }
  });

  test.each(NAMED_CASES)('$name: each check applies, or the reason why not is what the preset says', (each) => {
    for (const { name, reason, otherwise } of CHECKS) {
      const against = reason?.(each) ?? null;
      if (against === null) continue;
      expect(against.length, name).toBeGreaterThan(20);
      expect(otherwise, name).toBeDefined();
    }
    const scheme = presetOf(each.provider).auth[CASES[each.provider].findIndex(({ place }) => place === each.place)];
    const time = scheme !== undefined && 'timestamp' in scheme ? scheme.timestamp : undefined;
    expect(reasonAgainst(each.toleranceMs) === null ? applicable(each.toleranceMs) : undefined).toBe(time?.toleranceMs);
  });
});

describe.each(NAMED_CASES)('$name', (each) => {
  for (const { name, run, reason, otherwise } of CHECKS) {
    const against = reason?.(each) ?? null;
    if (against === null) test(name, () => run(each));
    else test(`${name}: does not apply, ${against}`, () => otherwise?.(each));
  }

  test('an event of ours is signed as by the provider', () => {
    const { settings } = each.configure(['first']);
    const sign = () => signRequest(senderOf(each.provider, settings), unsigned(each), NOW);
    if (isSignable(presetOf(each.provider))) {
      const request = unsigned(each);
      expect(signRequest(senderOf(each.provider, settings), request, NOW)).toEqual(each.sign(request, 'first', NOW));
      expect(verdictOf(arrived(sign()), ruleFor(each))).toBe('verified');
    } else {
      expect(sign).toThrow(expect.objectContaining({ code: 'cannot_sign' }));
    }
  });

  test('its key and its type are where the preset looks for them', () => {
    const { id, type } = presetOf(each.provider);
    const request = arrived(signed(each));
    const sender = senderOf(each.provider, each.configure(['first']).settings);
    const key = keyRule({ kind: 'preset', windowMs: 1 }, sender)(request);
    // Discord's webhook events have no id; its interactions do.
    expect(key === null).toBe(id.length === 0 || each.provider === 'discord');
    expect(eventType(request, type.map(parseSource)) === null).toBe(type.length === 0);
  });
});

test.each(['sha1', 'sha256', 'sha384', 'sha512'])('WebSub: a hub may sign with %s, and has to say so', (algorithm) => {
  const [each] = NAMED_CASES.filter(({ provider }) => provider === 'websub');
  if (each === undefined) throw new Error('there is no case for websub');
  const request = unsigned(each);
  const secret = 'a first secret';
  const verdictFor = (header: string): string =>
    verdictOf(arrived({ ...request, headers: { ...request.headers, 'x-hub-signature': header } }), ruleFor(each));
  const digest = mac(algorithm, secret, request.body).toString('hex');
  expect(verdictFor(`${algorithm}=${digest}`)).toBe('verified');
  for (const other of ['sha1', 'sha256', 'sha384', 'sha512', 'md5', '__proto__', 'constructor']) {
    if (other !== algorithm) expect(verdictFor(`${other}=${digest}`)).not.toBe('verified');
  }
  expect(verdictFor(`md5=${mac('md5', secret, request.body).toString('hex')}`)).toBe('malformed');
});
