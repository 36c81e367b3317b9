import { describe, expect, it } from 'vitest';
import type { Attempt, Delivery } from '../../src/dashboard/api/types.ts';
import { maskWords, shownBody } from '../../src/dashboard/words/body.ts';
import { curlLine } from '../../src/dashboard/words/curl.ts';
import { answerStart, attemptWords, outlookWords, statusWords, triggerWords } from '../../src/dashboard/words/delivery.ts';
import { copiedWords } from '../../src/dashboard/words/event-curl.ts';
import { visible } from '../../src/dashboard/words/visible.ts';

const body = (text: string) => shownBody(Buffer.from(text));

describe('a body as it is shown', () => {
  it('is JSON with line breaks, in which long numbers, repeated keys and escapes stay as they came', () => {
    const text = '{"a":12345678901234567890, "a" : [1e400,{}, [ ],"{\\"x\\":[1,2]}\\u202e"],"b":{"c":null}}';
    expect(body(text)).toEqual({
      kind: 'json',
      whole: true,
      text: [
        '{',
        '  "a": 12345678901234567890,',
        '  "a": [',
        '    1e400,',
        '    {},',
        '    [],',
        '    "{\\"x\\":[1,2]}\\u202e"',
        '  ],',
        '  "b": {',
        '    "c": null',
        '  }',
        '}',
      ].join('\n'),
    });
  });

  it('is text when it is not valid JSON, and bytes when it is not text', () => {
    expect(body('{"a":')).toMatchObject({ kind: 'text', text: '{"a":' });
    expect(body('a=1&b=2')).toMatchObject({ kind: 'text' });
    expect(body('')).toEqual({ kind: 'empty' });
    expect(body('a\0b')).toMatchObject({ kind: 'binary', text: expect.stringMatching(/^000000 {2}61 00 62 +a\.b$/) });
    expect(shownBody(new Uint8Array([0xff, 0xfe]))).toMatchObject({ kind: 'binary' });
    expect(body('x'.repeat(300_000))).toMatchObject({ kind: 'text', whole: false });
  });

  it('is said to be masked only where it is', () => {
    expect(maskWords(Buffer.from('{"card":"***"}'))).toBe('What the route masks is shown as ***.');
    expect(maskWords(Buffer.from('{"plan":"pro"}'))).toMatch(/has none of them/);
  });

  it('hides nothing', () => {
    expect(visible('a\0b\u202ec\ufeff\n\td é 👩‍💻')).toBe('a␀b⟨U+202E⟩c⟨U+FEFF⟩\n\td é 👩‍💻');
  });
});

describe('a delivery in words', () => {
  const attempt: Attempt = {
    number: 1,
    trigger: 'initial',
    startedAt: '2026-03-20T14:03:00.000Z',
    durationMs: 1_234,
    outcome: 'retry',
    statusCode: 500,
    error: { code: 'target_status', message: 'The target answered 500' },
    response: null,
  };
  const delivery: Delivery = {
    ...{ id: 'dlv_1', eventId: 'evt_1', route: 'r', target: 'app', status: 'pending', reason: 'target_status' },
    ...{ attempts: 1, maxAttempts: 24, nextAttemptAt: '2026-03-20T14:03:20.000Z', createdAt: '2026-03-20T14:03:00.000Z' },
    ...{ finishedAt: null, lastAttempt: attempt },
  };
  const now = Date.parse('2026-03-20T14:03:08.000Z');

  it('quotes how the answer began, on one line', () => {
    const answered = (body: string): Attempt => ({ ...attempt, response: { headers: [], body, truncated: false } });
    expect(answerStart(answered('  out\n\tof order\n'))).toBe('out of order');
    expect(answerStart(answered('x'.repeat(121)))).toBe(`${'x'.repeat(120)}…`);
    expect([answerStart(attempt), answerStart(null)]).toEqual(['', '']);
  });

  it('says what came back', () => {
    expect(attemptWords('app', attempt)).toBe('app answered 500 after 1.2s');
    const refused = {
      ...attempt,
      statusCode: null,
      error: { code: 'connection_refused', message: 'The target refused the connection' },
    };
    expect(attemptWords('app', refused)).toBe('app: the target refused the connection, after 1.2s');
  });

  it('says what comes next', () => {
    expect(outlookWords(delivery, null, now)).toMatch(/^try 2 of 24 at .*\d\d:\d3:20 \(in 12s\)$/);
    expect(outlookWords({ ...delivery, maxAttempts: null }, null, now)).toMatch(/^try 2 at .*\d\d:\d3:20 \(in 12s\)$/);
    expect(outlookWords(delivery, null, now + 60_000)).toBe('try 2 of 24 is due now');
    expect(outlookWords(delivery, 'paused', now)).toBe('waits until app is resumed');
    expect(outlookWords(delivery, 'down', now)).toMatch(/^try 2 of 24 at /);
    expect(outlookWords(delivery, 'down', now + 60_000)).toBe('waits until app is up again');
    expect(outlookWords({ ...delivery, status: 'dead', reason: 'attempts_exhausted' })).toBe('given up after 1 attempt');
    expect(outlookWords({ ...delivery, status: 'held', reason: 'new_reason' })).toBe('waits for a person: new reason');
    expect(outlookWords({ ...delivery, waitsFor: 'dlv_0' }, null, now)).toBe('waits for its turn: dlv_0 goes before it');
    const quarantined = outlookWords({ ...delivery, status: 'held', reason: 'schema_invalid: /a must NOT have: "b"' });
    expect(quarantined).toBe('waits for a person: its body does not match the route\'s schema (/a must NOT have: "b")');
  });
});

describe('what a newer relay tells', () => {
  const delivery: Delivery = {
    ...{ id: 'dlv_1', eventId: 'evt_1', route: 'r', target: 'app', status: 'parked', reason: 'moon_phase' },
    ...{ attempts: 1, maxAttempts: null, nextAttemptAt: null, createdAt: '2026-03-20T14:03:00.000Z' },
    ...{ finishedAt: null, lastAttempt: null },
  };

  it('is shown as it is', () => {
    expect([statusWords('on_ice'), triggerWords('tide_turned'), outlookWords(delivery)]).toEqual([
      'on ice',
      'tide turned',
      'moon phase',
    ]);
    expect(outlookWords({ ...delivery, reason: 'constructor' })).toBe('constructor');
    expect(outlookWords({ ...delivery, status: 'filtered', reason: 'type_not_in_events' })).toMatch(/^its type is not/);
  });
});

describe('the line to send', () => {
  it('is quoted for a shell', () => {
    const route = { name: 'r', path: "/it's", methods: ['PUT'], provider: 'none', deliver: [] };
    expect(curlLine(route, 'http://h').split(' \\\n  ').slice(0, 2)).toEqual(["curl 'http://h/it'\\''s'", '-X PUT']);
  });

  it('has another dedup key each time, also within a second', () => {
    const route = { name: 'r', path: '/r', methods: ['POST'], provider: 'knowledgesdk', deliver: [] };
    expect(curlLine(route, 'http://h')).toContain('"x-knowledgesdk-dedup-key: msg_$(date +%s%N)_$$"');
  });

  it('says what is missing in it, and what the relay will take it for', () => {
    const line = "curl 'http://h/r' \\\n  -H 'authorization: [removed by hookbay]'";
    expect(copiedWords(line, { dedupKey: 'k' })).toBe(
      'Copied. Put the credential in place of [removed by hookbay]. With the same dedup key it is a duplicate.',
    );
    expect(copiedWords("curl 'http://h/r'", { dedupKey: null })).toBe(
      'Copied: a line that sends this request to its route again.',
    );
  });
});
