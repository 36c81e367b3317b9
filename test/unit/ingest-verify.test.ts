import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CREDENTIAL_MARK } from '../../src/domain/credential-mark.ts';
import type { HeaderList } from '../../src/domain/event.ts';
import { checkTimestamp } from '../../src/ingest/timestamp.ts';
import { verificationRule, verify } from '../../src/ingest/verify.ts';
import type { TimestampUnit } from '../../src/providers/scheme.ts';
import { signRequest } from '../../src/providers/sign.ts';
import { type KnowledgeSdkVerify, received, SECRET, TOKEN, verifyConfig } from '../support/ingest.ts';

const NOW = Date.UTC(2026, 2, 20, 14, 30);
const BODY = Buffer.from('{"event":"PAGE_SCRAPED"}');
const TOKEN_HEADER = 'x-knowledgesdk-webhook-token';
const BOTH = { tokens: [TOKEN], hmacSecrets: [SECRET] };

function judge(config: Partial<KnowledgeSdkVerify>, headers: HeaderList, body: Buffer = BODY): string {
  const verdict = verify(received(headers, body, { receivedAt: NOW }), verificationRule(verifyConfig(config)));
  return verdict.kind === 'refused' ? verdict.explanation : verdict.kind;
}

/** The headers that the provider proves itself with. */
function proof(config: Partial<KnowledgeSdkVerify>, body: Buffer, now = NOW): [string, string][] {
  const request = { method: 'POST', path: '/', query: '', headers: {}, body };
  return Object.entries(signRequest(verifyConfig({ tokens: [], ...config }), request, now).headers);
}

const signed = (body: Buffer = BODY, now = NOW, secret = SECRET): [string, string][] =>
  proof({ hmacSecrets: [secret] }, body, now);
const token = (value = TOKEN): [string, string] => [TOKEN_HEADER, value];

describe('token', () => {
  test('a right one is taken, whatever the spelling of the header', () => {
    expect(judge({}, [token()])).toBe('verified');
    expect(judge({}, [['X-KnowledgeSDK-Webhook-Token', TOKEN]])).toBe('verified');
    expect(judge({}, [token(), token()])).toBe('verified');
  });

  test.each([
    ['another', token('tok_other'), 'does not match any configured token'],
    ['a truncated', token(TOKEN.slice(0, -1)), 'does not match'],
    ['a longer', token(`${TOKEN}x`), 'does not match'],
    ['an empty', token(''), 'does not match'],
  ])('%s one is refused', (_, header, explanation) => {
    expect(judge({}, [header])).toContain(explanation);
  });

  test('none at all is refused, with what was missed', () => {
    expect(judge({}, [])).toMatch(new RegExp(`^no ${TOKEN_HEADER} header: is it set up at the provider`));
    expect(judge(BOTH, [])).toContain(`no ${TOKEN_HEADER} header and no x-knowledgesdk-signature header`);
  });

  test('two different ones are refused, also when one is right', () => {
    expect(judge({}, [token(), token('tok_other')])).toContain('different values');
    expect(judge({}, [token('tok_other'), token()])).toContain('different values');
  });

  test('rotation: each configured one is taken, and no other', () => {
    const config = { tokens: ['tok_old', 'tok_new'] };
    expect(judge(config, [token('tok_old')])).toBe('verified');
    expect(judge(config, [token('tok_new')])).toBe('verified');
    expect(judge(config, [token('tok_older')])).toContain('does not match');
  });

  test('a token beyond ASCII is compared by its UTF-8 bytes', () => {
    expect(judge({ tokens: ['schlüssel'] }, [token(Buffer.from('schlüssel').toString('latin1'))])).toBe('verified');
  });

  test('no other text is taken', () => {
    fc.assert(fc.property(fc.string(), (text) => text === TOKEN || judge({}, [token(text)]) !== 'verified'));
  });

  test('explanations hold neither the configured nor the sent token', () => {
    const explanation = judge({}, [token('tok_sent')]);
    expect(explanation).not.toContain('tok_');
  });
});

describe('HMAC', () => {
  const hmacOnly = { tokens: [], hmacSecrets: [SECRET] };

  test('the documented scheme: sha256=<hex> over {timestamp}.{body}', () => {
    const stamp = String(NOW / 1000);
    const hex = createHmac('sha256', SECRET).update(`${stamp}.`).update(BODY).digest('hex');
    const headers: HeaderList = [
      ['X-KnowledgeSDK-Signature', `sha256=${hex}`],
      ['X-KnowledgeSDK-Timestamp', stamp],
    ];
    expect(judge(hmacOnly, headers)).toBe('verified');
    expect(
      judge(hmacOnly, [
        ['x-knowledgesdk-signature', `sha256=${hex.toUpperCase()}`],
        ['x-knowledgesdk-timestamp', stamp],
      ]),
    ).toBe('verified');
  });

  test('binary bodies are signed by their bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const body = Buffer.from(bytes);
        expect(judge(hmacOnly, signed(body), body)).toBe('verified');
      }),
    );
  });

  test('one changed bit anywhere in body or signature is refused', () => {
    fc.assert(
      fc.property(fc.nat(BODY.length - 1), fc.nat(7), (at, bit) => {
        const body = Buffer.from(BODY);
        body.writeUInt8(body.readUInt8(at) ^ (1 << bit), at);
        expect(judge(hmacOnly, signed(), body)).toContain('does not match the body');
      }),
    );
  });

  test.each([
    ['without its prefix', (value: string) => value.slice(7)],
    ['with another prefix', (value: string) => value.replace('sha256=', 'sha1=')],
    ['truncated', (value: string) => value.slice(0, -2)],
    ['truncated by half a byte', (value: string) => value.slice(0, -1)],
    ['longer', (value: string) => `${value}00`],
    ['with a character that is not hex', (value: string) => `${value.slice(0, -1)}g`],
    ['empty', () => ''],
    ['two in one field', (value: string) => `${value}, ${value}`],
  ])('a signature %s is refused', (_, change) => {
    const headers = signed().map(([name, value]): [string, string] =>
      name === 'x-knowledgesdk-signature' ? [name, change(value)] : [name, value],
    );
    expect(judge(hmacOnly, headers)).toContain('is not sha256=<64 hex digits>');
  });

  test.each([
    [-301, '301 s in the past'],
    [301, '301 s in the future'],
    [-412, 'timestamp 412 s in the past (7 minutes), 300 s are allowed: is a clock wrong, or was'],
  ])('%i s away is refused', (seconds, explanation) => {
    expect(judge(hmacOnly, signed(BODY, NOW + seconds * 1000))).toContain(explanation);
  });

  test.each([-300, -1, 0, 1, 300])('%i s away is taken', (seconds) => {
    expect(judge(hmacOnly, signed(BODY, NOW + seconds * 1000))).toBe('verified');
  });

  test.each([
    ['seconds', String(NOW / 1000)],
    ['milliseconds', String(NOW)],
    ['ISO 8601', new Date(NOW).toISOString()],
    ['ISO 8601 with an offset', '2026-03-20T15:30:00+01:00'],
  ])('a timestamp in %s is taken', (_, stamp) => {
    const hex = createHmac('sha256', SECRET).update(`${stamp}.${BODY}`).digest('hex');
    expect(
      judge(hmacOnly, [
        ['x-knowledgesdk-signature', `sha256=${hex}`],
        ['x-knowledgesdk-timestamp', stamp],
      ]),
    ).toBe('verified');
  });

  test.each(['', 'now', '-5', '1e9', '2026-03-20', '2026-13-40T99:00:00Z', '9'.repeat(40), `${NOW / 1000} `])(
    'the timestamp %j is refused although it is signed',
    (stamp) => {
      const hex = createHmac('sha256', SECRET).update(`${stamp}.${BODY}`).digest('hex');
      expect(
        judge(hmacOnly, [
          ['x-knowledgesdk-signature', `sha256=${hex}`],
          ['x-knowledgesdk-timestamp', stamp],
        ]),
      ).toContain('is not a timestamp');
    },
  );

  test('a missing or ambiguous timestamp is refused', () => {
    const [, ...rest] = signed();
    const signature = signed().filter(([name]) => name === 'x-knowledgesdk-signature');
    expect(judge(hmacOnly, signature)).toContain('no timestamp');
    expect(judge(hmacOnly, [...signed(), ['x-knowledgesdk-timestamp', '1']])).toContain('different values');
    expect(rest).toHaveLength(1);
  });

  test('two different signatures are refused', () => {
    const other = signed(Buffer.from('other'));
    expect(judge(hmacOnly, [...signed(), ...other])).toContain('different values');
  });

  test('rotation: each configured secret is taken', () => {
    const config = { tokens: [], hmacSecrets: ['old', 'new'] };
    expect(judge(config, signed(BODY, NOW, 'old'))).toBe('verified');
    expect(judge(config, signed(BODY, NOW, 'new'))).toBe('verified');
    expect(judge(config, signed(BODY, NOW, 'older'))).toContain('does not match the body');
  });

  test('template and timestamp source are the route’s', () => {
    const body = Buffer.from(JSON.stringify({ jobId: 'j1', timestamp: new Date(NOW).toISOString() }));
    const config = { ...hmacOnly, hmacTemplate: '{body}{timestamp}', hmacTimestamp: 'body:timestamp' as const };
    const headers = proof(config, body);
    expect(headers.map(([name]) => name)).toEqual(['x-knowledgesdk-signature']);
    expect(judge(config, headers, body)).toBe('verified');
    expect(judge(hmacOnly, headers, body)).toContain('no timestamp');
  });

  test('a message without a timestamp asks for none; GitHub signs so, and its published example verifies', () => {
    const config = { tokens: [], hmacSecrets: ["It's a Secret to Everybody"], hmacTemplate: '{body}' };
    const published = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers: HeaderList = [['x-knowledgesdk-signature', published]];
    expect(judge(config, headers, Buffer.from('Hello, World!'))).toBe('verified');
    expect(judge(config, headers, Buffer.from('Hello, World?'))).toContain('does not match the body');
  });

  test('a signed timestamp is read in the unit that the preset names', () => {
    const check = (text: string, unit: TimestampUnit) => checkTimestamp(text, unit, 1_000, NOW).kind;
    expect([check(String(NOW / 1000), 's'), check(String(NOW), 'ms'), check(new Date(NOW).toISOString(), 'iso')]).toEqual(
      Array(3).fill('fresh'),
    );
    expect([check(String(NOW), 's'), check(String(NOW / 1000), 'ms')]).toEqual(['outside', 'outside']);
    expect([check(String(NOW), 'iso'), check(new Date(NOW).toISOString(), 's')]).toEqual(['malformed', 'malformed']);
  });

  test('a signature over the body alone is not enough where a timestamp is asked for', () => {
    const hex = createHmac('sha256', SECRET).update(BODY).digest('hex');
    expect(judge(hmacOnly, [['x-knowledgesdk-signature', `sha256=${hex}`]])).toContain('no timestamp');
  });
});

describe('require', () => {
  const bad: [string, string] = ['x-knowledgesdk-signature', `sha256=${'0'.repeat(64)}`];
  const stamp: [string, string] = ['x-knowledgesdk-timestamp', String(NOW / 1000)];

  test.each<[string, HeaderList, boolean, boolean]>([
    ['both right', [token(), ...signed()], true, true],
    ['token only', [token()], true, false],
    ['signature only', signed(), true, false],
    ['nothing', [], false, false],
    ['right token, wrong signature', [token(), bad, stamp], false, false],
    ['wrong token, right signature', [token('x'), ...signed()], false, false],
    ['both wrong', [token('x'), bad, stamp], false, false],
  ])('%s', (_, headers, any, all) => {
    expect(judge({ ...BOTH, require: 'any' }, headers) === 'verified').toBe(any);
    expect(judge({ ...BOTH, require: 'all' }, headers) === 'verified').toBe(all);
  });

  test('all means all that are configured', () => {
    expect(judge({ require: 'all' }, [token()])).toBe('verified');
  });

  test('a route without any credential takes nothing', () => {
    for (const require of ['any', 'all'] as const) {
      expect(judge({ tokens: [], hmacSecrets: [], require }, [token()])).toContain('no credential configured');
    }
  });
});

describe('what is handed on', () => {
  test('the token is replaced by a mark, everything else stays in order', () => {
    const headers: HeaderList = [['A', '1'], ['X-KnowledgeSDK-Webhook-Token', TOKEN], ['a', '2'], ...signed()];
    const verdict = verify(received(headers, BODY), verificationRule(verifyConfig({ hmacSecrets: [SECRET] })));
    if (verdict.kind !== 'verified') throw new Error(verdict.kind);
    expect(verdict.event.headers).toEqual([
      ['A', '1'],
      ['X-KnowledgeSDK-Webhook-Token', CREDENTIAL_MARK],
      ['a', '2'],
      ...signed(),
    ]);
    expect(JSON.stringify(verdict.event.headers)).not.toContain(TOKEN);
  });

  test('the token is removed also when the route checks the signature only', () => {
    const verdict = verify(
      received([token(), ...signed()], BODY),
      verificationRule(verifyConfig({ tokens: [], hmacSecrets: [SECRET] })),
    );
    expect(verdict.kind).toBe('verified');
    expect(JSON.stringify(verdict)).not.toContain(TOKEN);
  });

  test('verify: none takes everything as it is', () => {
    const headers: HeaderList = [['authorization', 'Basic x']];
    const verdict = verify(received(headers), verificationRule({ provider: 'none' }));
    expect(verdict).toMatchObject({ kind: 'verified', event: { headers } });
  });
});
