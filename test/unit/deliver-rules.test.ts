import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EdgeRules } from '../../src/config/types.ts';
import { applied, filterReason, UNCHANGED } from '../../src/deliver/rules/apply.ts';
import { DeliveryRules } from '../../src/deliver/rules/delivery-rules.ts';
import { evaluate } from '../../src/deliver/rules/evaluate.ts';
import { scopeOf } from '../../src/deliver/rules/scope.ts';
import { Turns } from '../../src/deliver/rules/turns.ts';
import type { Expressions } from '../../src/deliver/rules/work.ts';
import { isHeaderName, isHeaderValue, isPassedOn, isSettable } from '../../src/domain/header-rules.ts';
import { deliveryOf, eventWith, NO_EXPRESSIONS, NO_RULES } from '../support/rules.ts';

const ask = (expressions: Partial<Expressions>, payload: unknown = {}) =>
  evaluate({ expressions: { ...NO_EXPRESSIONS, ...expressions }, event: eventWith(payload) }, () => undefined);

async function sent(body: string, payload: unknown): Promise<string> {
  const verdict = await ask({ body }, payload);
  if (verdict.kind !== 'passes' || verdict.body === null) throw new Error(JSON.stringify(verdict));
  return Buffer.from(verdict.body.bytes).toString();
}

describe('what expressions see', () => {
  test('headers by lower-case names, repeats joined; the query likewise; the event', () => {
    const event = eventWith(1, {
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
        ['__proto__', '3'],
      ],
      query: 'a=1&a=%20&b',
    });
    const { headers, query, ...rest } = scopeOf(event);
    expect(Object.entries(headers)).toEqual([
      ['x-a', '1, 2'],
      ['__proto__', '3'],
    ]);
    expect(Object.entries(query)).toEqual([
      ['a', '1,  '],
      ['b', ''],
    ]);
    expect(rest).toEqual({
      payload: 1,
      event: {
        id: 'evt_1',
        route: 'orders',
        type: 'ORDER_PAID',
        receivedAt: '2023-11-14T22:13:20.000Z',
        method: 'POST',
        path: '/in',
      },
    });
  });

  test.each([
    ['no JSON', Buffer.from('a=1'), []],
    ['nothing', Buffer.alloc(0), []],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), []],
    ['compressed', Buffer.from('{"a":1}'), [['Content-Encoding', 'gzip']] as const],
  ])('the payload is null when the body is %s', (_what, body, headers) => {
    expect(scopeOf(eventWith(null, { body, headers })).payload).toBeNull();
  });

  test('identity is no compression', () => {
    expect(scopeOf(eventWith({ a: 1 }, { headers: [['content-encoding', 'identity']] })).payload).toEqual({ a: 1 });
  });
});

describe('a filter', () => {
  test.each([
    ['payload.a', { a: 0 }, false],
    ['payload.a', { a: '' }, false],
    ['payload.a', { a: null }, false],
    ['payload.a', { a: [] }, false],
    ['payload.a', { a: {} }, false],
    ['payload.a', {}, false],
    ['payload.a', { a: [0, 1] }, true],
    ['payload.a', { a: 'false' }, true],
    ['payload.a', { a: true }, true],
    ['$sum', {}, false],
    ['event.type = "ORDER_PAID" and headers."content-type" = "application/json"', {}, true],
  ])('%s over %j: %s', async (filter, payload, passes) => {
    expect((await ask({ filter }, payload)).kind).toBe(passes ? 'passes' : 'filtered');
  });

  test('comes first: what it keeps back is not transformed', async () => {
    const steps: string[] = [];
    const expressions = { filter: 'false', body: '$error("never")', headers: null };
    expect(await evaluate({ expressions, event: eventWith({}) }, (step) => steps.push(step))).toEqual({ kind: 'filtered' });
    expect(steps).toEqual(['payload', 'filter']);
  });
});

describe('a failure', () => {
  test.each([
    [
      { filter: 'payload.secret + 1' },
      'filter_failed',
      'the filter: what stands left of an operator is no number (JSONata T2001 at character 16)',
    ],
    [{ filter: '$number(payload.secret)' }, 'filter_failed', 'the filter: this is no number (JSONata D3030 at character 8)'],
    [{ filter: '$error(payload.secret)' }, 'filter_failed', 'the filter: $error was called (JSONata D3137 at character 7)'],
    [
      { body: 'payload.gone' },
      'transform_failed',
      'the transform of the body: it yields nothing, and not a text, an object or a list',
    ],
    [
      { body: '$length(payload.secret)' },
      'transform_failed',
      'the transform of the body: it yields a number, and not a text, an object or a list',
    ],
    [
      { body: 'function(){1}' },
      'transform_failed',
      'the transform of the body: it yields a function, and not a text, an object or a list',
    ],
    [{ headers: '[1]' }, 'transform_failed', 'the transform of the headers: it yields a list, and not an object of headers'],
    [
      { headers: '{ "Host": payload.secret }' },
      'transform_failed',
      'the transform of the headers: it sets a header that the relay itself decides about',
    ],
    [
      { headers: '{ "a b": 1 }' },
      'transform_failed',
      'the transform of the headers: a name of a header has characters that none can have',
    ],
    [
      { headers: '{ "x-a": payload.secret & "\\n" }' },
      'transform_failed',
      'the transform of the headers: a value of a header is no text of visible characters',
    ],
    [
      { headers: '{ "x-a": payload }' },
      'transform_failed',
      'the transform of the headers: a value of a header is no text of visible characters',
    ],
    [{ filter: '$eval("1")' }, 'filter_failed', 'the filter: this is no function (JSONata T1006 at character 6)'],
    [
      { body: '($f := function($n) { 1 + $f($n) }; $f(1))' },
      'transform_failed',
      expect.stringContaining('a function calls itself without end (JSONata D1011'),
    ],
    [{ body: '[1..5000000]' }, 'transform_failed', expect.stringContaining('a list is too long (JSONata D2015')],
  ])('%j', async (expressions, code, message) => {
    const verdict = await ask(expressions, { secret: 'hunter2' });
    expect(verdict).toEqual({ kind: 'failed', code, message });
    expect(JSON.stringify(verdict)).not.toContain('hunter2');
  });

  test('a body that is too large is not read', async () => {
    const event = eventWith(null, { body: Buffer.alloc(16 * 1024 * 1024 + 1, 0x20) });
    const verdict = await evaluate({ expressions: { ...NO_EXPRESSIONS, filter: 'true' }, event }, () => undefined);
    expect(verdict).toMatchObject({ kind: 'failed', code: 'filter_failed' });
  });
});

test('one evaluation leaves nothing behind for the next', async () => {
  const body = '($seen := $exists($kept); $kept := payload.secret; { "seen": $seen })';
  expect(await sent(body, { secret: 'one' })).toBe('{"seen":false}');
  expect(await sent(body, { secret: 'two' })).toBe('{"seen":false}');
});

test('functions in a result are left out', async () => {
  expect(await sent('{ "a": $sum, "b": function($x) { $x }, "c": 1 }', {})).toBe('{"c":1}');
});

describe('a delivery by its rules', () => {
  const event = eventWith(
    { a: 1 },
    {
      headers: [
        ['Content-Type', 'application/json'],
        ['Content-Encoding', 'br'],
        ['Digest', 'sha-256=x'],
        ['X-Hub-Signature', 's'],
        ['X-A', '1'],
        ['x-a', '2'],
      ],
    },
  );
  const by = (rules: Partial<EdgeRules>, verdict: Partial<typeof UNCHANGED> = {}) =>
    applied(deliveryOf(event), { ...NO_RULES, ...rules }, { ...UNCHANGED, ...verdict }).event;

  test('without a transform has its body and headers', () => {
    expect(by({})).toEqual(event);
    expect(by({}).body).toBe(event.body);
  });

  test('a new body takes the place of what described the old one; the provider signature stays', () => {
    const { headers, body } = by({}, { body: { bytes: Buffer.from('{}'), isJson: true } });
    expect(body.toString()).toBe('{}');
    expect(headers).toEqual([
      ['X-Hub-Signature', 's'],
      ['X-A', '1'],
      ['x-a', '2'],
      ['content-type', 'application/json'],
    ]);
    expect(by({}, { body: { bytes: Buffer.from('a'), isJson: false } }).headers).toContainEqual([
      'content-type',
      'text/plain; charset=utf-8',
    ]);
  });

  test('headers go, come, and come anew by the transform, in this order', () => {
    const { headers } = by(
      {
        removeHeaders: ['digest', 'content-encoding'],
        addHeaders: [
          ['X-A', '3'],
          ['X-B', 'b'],
          ['X-C', 'c'],
        ],
      },
      {
        headers: [
          ['x-b', 'later'],
          ['x-c', null],
        ],
      },
    );
    expect(headers).toEqual([
      ['Content-Type', 'application/json'],
      ['X-Hub-Signature', 's'],
      ['X-A', '3'],
      ['x-b', 'later'],
    ]);
  });

  test('a sender cannot name a header of ours in Connection', () => {
    const tricky = {
      ...event,
      headers: [
        ['Connection', 'close, X-Key, x-a'],
        ['X-A', '1'],
      ] as const,
    };
    const { headers } = applied(deliveryOf(tricky), { ...NO_RULES, addHeaders: [['x-key', 'k']] }, UNCHANGED).event;
    expect(headers).toEqual([['x-key', 'k']]);
  });
});

test('the reason of a filter is one line of bounded length', () => {
  expect(filterReason(' payload.a\n  > 1 ')).toBe('filter: payload.a > 1');
  expect(filterReason('\u{1F600}'.repeat(200))).toBe(`filter: ${'\u{1F600}'.repeat(120)}…`);
});

test('rules are those of the edge from this route to this target', () => {
  const rules = new DeliveryRules();
  const delivery = deliveryOf(eventWith({}));
  expect([rules.of(delivery), rules.hasExpressions]).toEqual([null, false]);
  const mine = { ...NO_RULES, path: '/x' };
  rules.configure([
    { name: 'orders', deliver: [{ target: 'app', rules: mine }, { target: 'plain' }] },
    { name: 'others', deliver: [{ target: 'app', rules: { ...NO_RULES, path: '/y' } }] },
  ]);
  expect([rules.of(delivery), rules.hasExpressions]).toEqual([mine, false]);
  expect(rules.of({ ...delivery, target: 'plain' })).toBeNull();
  rules.configure([{ name: 'others', deliver: [{ target: 'app', rules: { ...NO_RULES, filter: 'true' } }] }]);
  expect([rules.of(delivery), rules.hasExpressions]).toEqual([null, true]);
});

test('turns: each key in its own order, and no key waits for more than one item of each other', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), (keys) => {
      const turns = new Turns<string>();
      for (const [i, key] of keys.entries()) turns.push(key, `${key}${i}`);
      const given = keys.map(() => turns.next() ?? '');
      expect([...given].sort()).toEqual(keys.map((key, i) => `${key}${i}`).sort());
      for (const key of ['a', 'b', 'c']) {
        const own = given.flatMap((item, at) => (item.startsWith(key) ? [at] : []));
        for (const [i, at] of own.slice(1).entries()) expect(at - (own[i] ?? 0)).toBeLessThanOrEqual(3);
        const numbers = given.filter((item) => item.startsWith(key)).map((item) => Number(item.slice(1)));
        expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
      }
      expect([turns.next(), turns.isEmpty]).toEqual([undefined, true]);
    }),
  );
});

describe('headers of rules', () => {
  test.each([
    'Host',
    'content-length',
    'Connection',
    'TE',
    'cookie',
    'Via',
    'x-forwarded-for',
    'Hookbay-Anything',
    'traceparent',
  ])('%s is neither set nor taken out', (name) => expect([isSettable(name), isPassedOn(name)]).toEqual([false, false]));
  test.each(['webhook-id', 'Webhook-Signature'])('%s can be taken out, not set', (name) =>
    expect([isSettable(name), isPassedOn(name)]).toEqual([false, true]),
  );
  test.each(['authorization', 'Content-Type', 'x-hookbay'])('%s can be both', (name) =>
    expect([isSettable(name), isPassedOn(name)]).toEqual([true, true]),
  );
  test('names and values are those of RFC 9110', () => {
    expect(['x-a', 'X_1.~', '', 'a b', 'a:', 'é'].map(isHeaderName)).toEqual([true, true, false, false, false, false]);
    expect(['', 'a b', ' a', 'a ', 'a\r\nb: c', 'é', '\t'].map(isHeaderValue)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
