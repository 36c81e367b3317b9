import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK, type MaskPath, maskJson, parseMaskPath } from '../../src/domain/body-mask.ts';
import { redaction, redactions } from '../../src/domain/redaction.ts';

function path(text: string): MaskPath {
  const parsed = parseMaskPath(text);
  if (parsed === null) throw new Error(`${text} is no path`);
  return parsed;
}

const mask = (json: string, ...paths: string[]): string | null => maskJson(json, paths.map(path));

describe('paths', () => {
  it.each(['a', 'a.b', 'items[*].card', 'a[0]', '[*].x', '*', '*.b', 'a.*', 'a[0][1].b', '__proto__', 'a-b.c_d', 'é.ü'])(
    '%s is one',
    (text) => expect(parseMaskPath(text)).not.toBeNull(),
  );

  it.each(['', '.', 'a.', '.a', 'a..b', 'a[', 'a[]', 'a[x]', 'a[-1]', 'a b', 'a]', '$.a["b"]', 'a*b.c', '[*]x'])(
    '%j is none',
    (text) => expect(parseMaskPath(text)).toBeNull(),
  );
});

describe('masking', () => {
  it.each([
    ['a member', '{"a":1,"b":2}', ['a'], '{"a":"***","b":2}'],
    ['a nested member', '{"p":{"u":{"email":"x","n":1}}}', ['p.u.email'], '{"p":{"u":{"email":"***","n":1}}}'],
    [
      'of every item',
      '{"items":[{"card":"1"},{"card":2,"x":3},7]}',
      ['items[*].card'],
      '{"items":[{"card":"***"},{"card":"***","x":3},7]}',
    ],
    ['of one item', '{"a":[1,2,3]}', ['a[1]'], '{"a":[1,"***",3]}'],
    ['an index written as a key', '{"a":[1,2]}', ['a.1'], '{"a":[1,"***"]}'],
    ['no member by an index', '{"a":{"1":2}}', ['a[1]'], '{"a":{"1":2}}'],
    ['any key', '{"x":{"s":1},"y":{"s":2,"t":3}}', ['*.s'], '{"x":{"s":"***"},"y":{"s":"***","t":3}}'],
    ['a whole object', '{"a":{"b":[1,{"c":2}]},"d":1}', ['a'], '{"a":"***","d":1}'],
    ['a list at the root', '[{"s":1},{"s":2}]', ['[*].s'], '[{"s":"***"},{"s":"***"}]'],
    ['several, one inside the other', '{"a":{"b":1,"c":2}}', ['a.b', 'a'], '{"a":"***"}'],
    ['members that come twice', '{"a":1,"a":2}', ['a'], '{"a":"***","a":"***"}'],
    ['an escaped key', '{"\\u0065mail":"x"}', ['email'], '{"\\u0065mail":"***"}'],
    ['brackets and quotes in strings', '{"a":"}]\\"{","b":"[\\\\"}', ['b'], '{"a":"}]\\"{","b":"***"}'],
    ['__proto__', '{"__proto__":{"s":1},"s":2}', ['__proto__.s'], '{"__proto__":{"s":"***"},"s":2}'],
    ['constructor', '{"constructor":1}', ['constructor'], '{"constructor":"***"}'],
    [
      'order, spaces and long numbers stay',
      '{ "2": 12345678901234567890,\n"1": 1.0, "s":-1e5 }',
      ['s'],
      '{ "2": 12345678901234567890,\n"1": 1.0, "s":"***" }',
    ],
    ['a path that leads nowhere', '{"a":{"b":1}}', ['a.b.c', 'x[*]'], '{"a":{"b":1}}'],
    ['a scalar', '1', ['a'], '1'],
    ['empty ones', '{"a":{},"b":[],"c":1}', ['c'], '{"a":{},"b":[],"c":"***"}'],
  ])('%s', (_what, json, paths, expected) => expect(mask(json, ...paths)).toBe(expected));

  it.each(['', '{', '{"a":1}x', 'a=1&b=2', '{"a":1'])('%j is not shown at all', (text) => expect(mask(text, 'a')).toBeNull());

  it('goes as deep as the sender likes', () => {
    const depth = 20_000;
    const json = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    expect(mask(json, 'a.a.b')).toBe(json);
  });

  it('hides what is too large to be gone through', () => {
    expect(mask(JSON.stringify({ a: 'x'.repeat(2 * 1024 * 1024), b: 1 }), 'b')).toBeNull();
  });
});

const KEYS = ['a', 'b', 'items', '0', '1', '__proto__', 'constructor', 'é"\\'];
const CANARY = 'CANARY-7f3a';

/** A document as text, written by hand so that keys like `__proto__` are members, with the canary at a place and the path to it. */
const planted = fc
  .record({
    way: fc.array(fc.record({ key: fc.constantFrom(...KEYS.slice(0, 7)), isList: fc.boolean(), before: fc.nat(3) }), {
      minLength: 1,
      maxLength: 5,
    }),
    noise: fc.array(fc.json({ maxDepth: 2 }), { minLength: 4, maxLength: 4 }),
    secret: fc.constantFrom(`"${CANARY}"`, `{"x":["${CANARY}"],"y":{"z":"${CANARY}"}}`, `["${CANARY}",{"${CANARY}":1}]`),
    wild: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  })
  .map(({ way, noise, secret, wild }) => {
    let json: string = secret;
    let expected = `"${MASK}"`;
    let text = '';
    for (const [index, { key, isList, before }] of [...way.entries()].reverse()) {
      const siblings = noise.slice(0, before);
      if (isList) {
        const around = (value: string): string => `[${[...siblings, value].join(', ')}]`;
        [json, expected] = [around(json), around(expected)];
        text = `[${siblings.length}]${text}`;
      } else {
        const others = siblings.map((value, i) => `"n${i}" :${value}`);
        const around = (value: string): string => `{${[...others, `${JSON.stringify(key)}: ${value}`].join(',')}}`;
        [json, expected] = [around(json), around(expected)];
        text = `${index === 0 ? '' : '.'}${key}${text}`;
      }
    }
    return { json, expected, path: text, wildPath: wild.reduce((all, isWild, i) => (isWild ? widened(all, i) : all), text) };
  });

/** The path with its step of this number replaced by any. */
function widened(text: string, step: number): string {
  const steps = text.match(/\[\d+\]|[^.[\]]+/g) ?? [];
  const changed = steps.map((each, i) => (i !== step ? each : each.startsWith('[') ? '[*]' : '*'));
  return changed.map((each, i) => (i === 0 || each.startsWith('[') ? each : `.${each}`)).join('');
}

describe('what is planted at a masked path', () => {
  it('is gone, and nothing else is changed', () => {
    fc.assert(
      fc.property(planted, ({ json, expected, path: where }) => {
        fc.pre(!json.replaceAll(CANARY, '').includes('CANARY'));
        expect(mask(json, where)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('is gone whatever leads there', () => {
    fc.assert(
      fc.property(planted, fc.array(fc.constantFrom(...KEYS.slice(0, 7), '*', 'a[*]')), ({ json, wildPath }, others) => {
        const shown = mask(json, wildPath, ...others);
        expect(shown).not.toContain(CANARY);
        expect(() => JSON.parse(shown ?? '')).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('changes no document that the paths do not lead into', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (json) => {
        expect(mask(json, 'not.there', 'nor[*].here')).toBe(json);
      }),
    );
  });
});

describe('redaction', () => {
  const rules = { headers: ['authorization', 'x-card'], body: ['s'] };

  it('masks headers by name, whatever their case, and leaves the others', () => {
    const masked = redaction(rules).headers([
      ['X-Card', '4111'],
      ['Accept', '*/*'],
      ['AUTHORIZATION', 'Basic x'],
      ['__proto__', 'y'],
    ]);
    expect(masked).toEqual([
      ['X-Card', MASK],
      ['Accept', '*/*'],
      ['AUTHORIZATION', MASK],
      ['__proto__', 'y'],
    ]);
  });

  it('shows a body whole without paths, and nothing of one that is no JSON with them', () => {
    expect(redaction({ headers: [], body: [] }).body('a=1')).toBe('a=1');
    expect(redaction(rules).body('a=1')).toBe(MASK);
    expect(redaction(rules).body('')).toBe('');
    expect(redaction(rules).body('{"s":1}')).toBe('{"s":"***"}');
  });

  it('masks of a route that is gone what is masked anywhere', () => {
    const all = redactions(
      new Map([
        ['a', rules],
        ['b', { headers: [], body: ['t'] }],
      ]),
      { headers: ['x-common'], body: [] },
    );
    expect(all.of('b').headers([['x-card', '1']])).toEqual([['x-card', '1']]);
    for (const unknown of [null, 'gone']) {
      expect(
        all.of(unknown).headers([
          ['x-card', '1'],
          ['x-common', '2'],
        ]),
      ).toEqual([
        ['x-card', MASK],
        ['x-common', MASK],
      ]);
      expect(all.of(unknown).body('{"s":1,"t":2}')).toBe('{"s":"***","t":"***"}');
    }
    expect(all.masksBodies).toBe(true);
  });
});
