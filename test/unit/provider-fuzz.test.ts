import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyRule } from '../../src/ingest/dedup-key.ts';
import { eventType } from '../../src/ingest/route-table.ts';
import { verificationRule, verify } from '../../src/ingest/verify.ts';
import { presetOf } from '../../src/providers/presets.ts';
import { customSender, senderOf } from '../../src/providers/sender.ts';
import { parseSource } from '../../src/providers/source.ts';
import { arrived, NAMED_CASES, type NamedCase, NOW, ruleFor, signed, unsigned } from '../support/provider-cases/cases.ts';
import { verdictOf } from '../support/provider-cases/checks.ts';
import { changeAt, textAt } from '../support/provider-cases/places.ts';

const CASES = NAMED_CASES.map((each) => ({ ...each, rule: ruleFor(each), request: signed(each) }));
type Prepared = (typeof CASES)[number];

const anyCase = fc.constantFrom(...CASES);
/** Whoever signs these signs bytes, whatever they are; of the others the signer here needs JSON or a form. */
const signsBytes = ({ covers, provider }: NamedCase): boolean =>
  covers === 'every byte' && provider !== 'linear' && provider !== 'twilio';
const byteCase = fc.constantFrom(...CASES.filter(signsBytes));

/** A field value as Node hands it out: one character a byte, none of them a control but the tab. */
const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]*$/);

/** A change in the middle of a text or of bytes: some are cut out, others are put in. */
const splice = <T>(inserted: fc.Arbitrary<T>) =>
  fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(6), inserted });

function spliced(text: string, { at, cut, inserted }: { at: number; cut: number; inserted: string }): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + inserted + text.slice(from + cut);
}

/** The digits of a signature, without what stands before them; the whole of a token. */
function proofIn(text: string): string {
  return /[0-9A-Za-z+/_-]{27,}=*$/.exec(text)?.[0] ?? text;
}

describe('what is signed is taken', () => {
  test('in any order and spelling of header names, among any others', () => {
    const others = fc.array(fc.tuple(fc.stringMatching(/^x-other-[a-z]{0,8}$/), value), { maxLength: 4 });
    const cases = fc.infiniteStream(fc.boolean());
    fc.assert(
      fc.property(anyCase, others, cases, ({ request, rule }, more, upper) => {
        const spell = (name: string) => [...name].map((c) => (upper.next().value ? c.toUpperCase() : c)).join('');
        const headers = [...more, ...Object.entries(request.headers).reverse()].map(
          ([name, text]) => [spell(name), text] as const,
        );
        expect(verdictOf(arrived(request, { headers }), rule)).toBe('verified');
      }),
      { numRuns: 500 },
    );
  });

  test('whatever the bytes of the body are; any other body is not', () => {
    const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(byteCase, bytes, bytes, (each, body, other) => {
        const request = each.sign({ ...unsigned(each), body }, 'first', NOW);
        expect(verdictOf(arrived(request), each.rule)).toBe('verified');
        if (other.equals(body)) return;
        expect(verdictOf(arrived({ ...request, body: other }), each.rule)).toBe('no_match');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what is not signed is not taken', () => {
  test('a signature or token that was changed anywhere', () => {
    fc.assert(
      fc.property(anyCase, splice(value), ({ request, rule, place }, change) => {
        const right = textAt(request, place);
        const changed = spliced(right, change);
        const verdict = verdictOf(arrived(changeAt(request, place, () => changed)), rule);
        // What still holds the whole of the proof is right with something beside it; hex may be in either case.
        if (verdict === 'verified') expect(changed.replace(/ +/g, ' ').toLowerCase()).toContain(proofIn(right).toLowerCase());
      }),
      { numRuns: 3_000 },
    );
  });

  test('a header that the signature covers and that was changed anywhere', () => {
    const covering = fc.constantFrom(...CASES.filter(({ needs }) => needs.length > 0));
    fc.assert(
      fc.property(covering, fc.nat(3), splice(value), ({ request, rule, needs }, which, change) => {
        const place = `header:${needs[which % needs.length]}`;
        const right = textAt(request, place);
        const changed = spliced(right, change);
        const verdict = verdictOf(arrived(changeAt(request, place, () => changed)), rule);
        expect(verdict === 'verified').toBe(changed === right);
      }),
      { numRuns: 2_000 },
    );
  });

  test('signatures at random, of the right form', () => {
    fc.assert(
      fc.property(anyCase, fc.infiniteStream(fc.nat(15)), ({ request, rule, place }, digits) => {
        const right = textAt(request, place);
        const proof = proofIn(right);
        const forged = right.slice(0, -proof.length) + proof.replace(/[0-9a-f]/g, () => digits.next().value.toString(16));
        fc.pre(forged !== right);
        expect(verdictOf(arrived(changeAt(request, place, () => forged)), rule)).not.toBe('verified');
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['only separators', ','.repeat(100_000)],
    ['many signatures', 'v1=00,'.repeat(16_000)],
    ['many keys', 't=1;'.repeat(25_000)],
    ['many spaces', `Basic ${' '.repeat(100_000)}x`],
    ['one long signature', `sha256=${'a'.repeat(100_000)}`],
    ['long padding', 'A'.repeat(50_000) + '='.repeat(50_000)],
  ])('a very long header: %s', (_, text) => {
    for (const { request, rule, place } of CASES) {
      expect(verdictOf(arrived(changeAt(request, place, () => text)), rule)).not.toBe('verified');
    }
  });
});

/** All that is done with a request before it is appended. */
function taken({ provider, rule, configure }: Prepared, body: string | Buffer): string {
  const request = arrived({ ...unsigned(CASES.find((each) => each.provider === provider) ?? never()), body: Buffer.from(body) });
  const sender = senderOf(provider, configure(['first']).settings);
  keyRule({ kind: 'preset', windowMs: 1 }, sender)(request);
  eventType(request, presetOf(provider).type.map(parseSource));
  return verify(request, rule).kind;
}

function never(): never {
  throw new Error('there is no such case');
}

describe('bodies', () => {
  test.each([
    ['deep lists', '['.repeat(20_000)],
    ['deep lists that end', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['deep objects that end', `${'{"value":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['deep items', `{"value":[${'{"clientState":['.repeat(10_000)}1${']}'.repeat(10_000)}]}`],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xc0, 0x22, 0x3a, 0xed, 0xa0, 0x80, 0x7d])],
    ['a byte order mark', '\ufeff{"passcode":"a first secret"}'],
    ['many items', `{"value":[${Array(2_000).fill('{"clientState":"x"}').join()}]}`],
    ['no items', '{"value":[],"notificationItems":[]}'],
    ['items of other kinds', '{"value":[null,1,"x",[]],"notificationItems":{"0":{}}}'],
    ['prototypes', '{"__proto__":{"value":[{}]},"constructor":{"passcode":"x"},"signature":{"__proto__":{"token":1}}}'],
    ['an empty body', ''],
  ])('%s: nothing throws, and nothing is taken', (_, body) => {
    for (const each of CASES) expect(taken(each, body)).toBe('refused');
  });

  test('of one member that is there twice, the last counts, for us as for everybody', () => {
    const rule = verificationRule(senderOf('figma', { token: 'right' }));
    const judged = (body: string): string =>
      verdictOf(arrived({ ...unsigned(CASES[0] ?? never()), body: Buffer.from(body) }), rule);
    expect(judged('{"passcode":"wrong","passcode":"right"}')).toBe('verified');
    expect(judged('{"passcode":"right","passcode":"wrong"}')).toBe('no_match');
  });

  test.each([
    ['body:constructor.name', 'Object', '{}'],
    ['body:__proto__.constructor.name', 'Object', '{"a":1}'],
    ['body:list.constructor.name', 'Array', '{"list":[]}'],
    ['body:text.length', '4', '{"text":"four"}'],
    ['form:__proto__', '[object Object]', '{}'],
    ['query:constructor', 'Object', '{}'],
  ] as const)('what every object has is no token: %s', (from, secret, body) => {
    const sender = customSender(
      { kind: 'token', secret: 'secret', from },
      { secrets: [secret], id: [], type: [], params: {}, publicUrl: null },
    );
    const request = arrived({ ...unsigned(CASES[0] ?? never()), body: Buffer.from(body) });
    expect(verdictOf(request, verificationRule(sender))).toBe('absent');
  });
});

test('a token in a query is stored in no spelling', () => {
  const secret = 'a first secret';
  const [each] = CASES.filter(({ place }) => place === 'query:token');
  const escaped = (text: string, escapes: readonly boolean[]): string =>
    [...text].map((c, at) => (escapes[at] === true || c === ' ' ? `%${c.charCodeAt(0).toString(16)}` : c)).join('');
  const escapes = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
  const others = fc.array(fc.stringMatching(/^[a-z&=%+]{0,6}$/), { maxLength: 3 });
  fc.assert(
    fc.property(escapes, escapes, others, others, (inName, inValue, before, after) => {
      const parameter = `${escaped('token', inName)}=${escaped(secret, inValue)}`;
      const query = [...before, parameter, parameter, ...after].join('&');
      const verdict = verify(arrived({ ...unsigned(each ?? never()), query }), (each ?? never()).rule);
      if (verdict.kind !== 'verified') return; // the others have a token of their own
      const stored = new URLSearchParams(verdict.event.query);
      expect([...stored.values()].filter((text) => text.includes(secret))).toEqual([]);
      expect([...stored].length).toBe([...new URLSearchParams(query)].length);
    }),
  );
});
