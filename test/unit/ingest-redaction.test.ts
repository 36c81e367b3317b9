import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CREDENTIAL_MARK } from '../../src/domain/credential-mark.ts';
import { keptBody, redactedHeaders } from '../../src/ingest/redaction.ts';
import { secretPlaces } from '../../src/ingest/stored-parts.ts';
import { PROVIDER_NAMES, presetOf } from '../../src/providers/presets.ts';
import { sampleRequest } from '../../src/providers/sample.ts';
import { customSender, senderOf } from '../../src/providers/sender.ts';
import { signRequest } from '../../src/providers/sign.ts';
import type { SourceText } from '../../src/providers/source.ts';
import { trialSender } from '../support/providers.ts';

const CANARY = 'canary-of-a-secret';
const FORM = 'application/x-www-form-urlencoded';

/** Places of a token that a user's own scheme reads from somewhere. */
function placesOf(from: SourceText) {
  return secretPlaces(
    customSender({ kind: 'token', secret: 'secret', from }, { secrets: [CANARY], id: [], type: [], params: {}, publicUrl: null }),
  );
}

const kept = (from: SourceText, body: string, contentType = 'application/json'): string =>
  keptBody(Buffer.from(body), contentType, placesOf(from));

describe('a credential in the body', () => {
  test('is cut out, and the rest is kept', () => {
    expect(kept('body:passcode', `{"a":[1,{"b":null}],"passcode":"${CANARY}","z":"ü"}`)).toBe(
      `{"a":[1,{"b":null}],"passcode":"${CREDENTIAL_MARK}","z":"ü"}`,
    );
    expect(kept('body:a.0.token', `{"a":[{"token":{"deep":"${CANARY}"}},{"token":1}]}`)).toBe(
      `{"a":[{"token":"${CREDENTIAL_MARK}"},{"token":1}]}`,
    );
  });

  test('is cut out of every item', () => {
    const graph = secretPlaces(senderOf('msgraph', { token: CANARY }));
    const body = JSON.stringify({ value: [{ clientState: CANARY, n: 1 }, { clientState: `${CANARY}2` }, 7, { n: 2 }] });
    expect(keptBody(Buffer.from(body), null, graph)).toBe(
      JSON.stringify({ value: [{ clientState: CREDENTIAL_MARK, n: 1 }, { clientState: CREDENTIAL_MARK }, 7, { n: 2 }] }),
    );
  });

  test.each([
    ['twice', `{"passcode":"${CANARY}","passcode":"b"}`],
    ['in escapes', `{"passcode":"${[...CANARY].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}"}`],
    ['with its name in escapes', `{"\\u0070asscode":"${CANARY}"}`],
  ])('is cut out where it is written %s', (_name, body) => {
    expect(kept('body:passcode', body)).toBe(`{"passcode":"${CREDENTIAL_MARK}"}`);
  });

  test.each([
    ['is no JSON', `{"passcode":"${CANARY}"`],
    ['is a form', `passcode=${CANARY}`],
    ['is large', JSON.stringify({ passcode: CANARY, more: 'x'.repeat(70_000) })],
  ])('nothing is kept of a body that %s', (_name, body) => {
    expect(kept('body:passcode', body)).not.toContain(CANARY);
    expect(kept('body:passcode', body)).toBe('');
  });

  test('of a form the field is cut out; what is not sent as one is not kept', () => {
    expect(kept('form:token', `a=1&token=${CANARY}&to%6ben=${CANARY}&b=%20`, FORM)).toBe(
      `a=1&token=${encodeURIComponent(CREDENTIAL_MARK)}&token=${encodeURIComponent(CREDENTIAL_MARK)}&b=%20`,
    );
    expect(kept('form:token', `token=${CANARY}`, 'text/plain')).toBe('');
  });

  test('members with any name are only copied', () => {
    const body = `{"__proto__":{"passcode":"kept"},"constructor":1,"passcode":"${CANARY}"}`;
    expect(kept('body:passcode', body)).toBe(`{"__proto__":{"passcode":"kept"},"constructor":1,"passcode":"${CREDENTIAL_MARK}"}`);
  });

  test('never stays, whatever else the body is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('a', 'b.a', 'a.0.b'), (value, path) => {
        const body = path
          .split('.')
          .reduceRight<unknown>((inner, step) => (step === '0' ? [inner, value] : { [step]: inner, other: value }), CANARY);
        expect(kept(`body:${path}`, JSON.stringify(body))).not.toContain(CANARY);
      }),
    );
  });
});

test('a secret that is handed over with a handshake is a credential as well', () => {
  const notion = secretPlaces(senderOf('notion', {}));
  expect(keptBody(Buffer.from(`{"verification_token":"${CANARY}"}`), null, notion)).toBe(
    `{"verification_token":"${CREDENTIAL_MARK}"}`,
  );
  expect(redactedHeaders([['X-Hook-Secret', CANARY]], secretPlaces(senderOf('asana', {})))).toEqual([
    ['X-Hook-Secret', CREDENTIAL_MARK],
  ]);
});

test('without a credential in it a body is kept as it is, its first 2 KiB', () => {
  const none = secretPlaces(senderOf('stripe', { secret: CANARY }));
  expect(keptBody(Buffer.from('{ "a" : 1 '), null, none)).toBe('{ "a" : 1 ');
  expect(keptBody(Buffer.from('x'.repeat(5_000)), null, none)).toBe('x'.repeat(2_048));
  expect(kept('body:a', JSON.stringify({ a: CANARY, b: 'x'.repeat(5_000) }))).toHaveLength(2_048);
});

describe('headers', () => {
  test('that a scheme or the user has chosen for a credential are redacted like the usual ones', () => {
    const places = secretPlaces(senderOf('assemblyai', { token: CANARY, params: { header: 'X-Mine' } }));
    const headers = redactedHeaders(
      [
        ['x-MINE', CANARY],
        ['Authorization', CANARY],
        ['x-signature', 'kept'],
      ],
      places,
    );
    expect(headers).toEqual([
      ['x-MINE', CREDENTIAL_MARK],
      ['Authorization', CREDENTIAL_MARK],
      ['x-signature', 'kept'],
    ]);
  });
});

test.each(PROVIDER_NAMES)('%s: no credential of its requests is kept, signatures are', (name) => {
  const preset = presetOf(name);
  if (!preset.auth.some(({ kind }) => kind !== 'pubkey' && kind !== 'sns')) return;
  const sender = trialSender(name, CANARY);
  const request = signRequest(sender, sampleRequest(sender, Date.now()), Date.now());
  const places = secretPlaces(sender);
  const headers = redactedHeaders(Object.entries(request.headers), places);
  const body = keptBody(request.body, request.headers['content-type'] ?? null, places);
  expect(JSON.stringify([headers, body])).not.toContain(CANARY);
  const signature = preset.auth.find(({ kind }) => kind === 'hmac');
  if (signature?.kind === 'hmac' && signature.from.startsWith('header:')) {
    const field = signature.from.slice('header:'.length).replace('*', '');
    expect(headers.some(([header, value]) => header.startsWith(field) && value !== CREDENTIAL_MARK)).toBe(true);
  }
});
