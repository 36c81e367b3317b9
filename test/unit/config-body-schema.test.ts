import { describe, expect, test } from 'vitest';
import { compileBodySchema } from '../../src/config/body-schema.ts';

function checked(schema: unknown, payload: unknown): string | null {
  const compiled = compileBodySchema(JSON.stringify(schema));
  if (compiled.kind === 'fault') throw new Error(compiled.message);
  return compiled.check(payload);
}

function faultOf(text: string): string | null {
  const compiled = compileBodySchema(text);
  return compiled.kind === 'fault' ? compiled.message : null;
}

const URL_SCHEMA = {
  type: 'object',
  properties: { payload: { type: 'object', properties: { url: { type: 'string' } }, additionalProperties: false } },
};

describe('what does not match is told with its place', () => {
  // biome-ignore format: a table reads by row
  test.each([
    ['a match', { payload: { url: 'a' } }, null],
    ['a wrong type', { payload: { url: 1 } }, '/payload/url must be string'],
    ['the whole body', [], 'the body must be object'],
    ['a name too many', { payload: { 'a\nb': 1 } }, '/payload must NOT have additional properties: "a\\nb"'],
    ['no JSON', undefined, 'the body is not a JSON object or array'],
  ])('%s', (_name, payload, expected) => {
    expect(checked(URL_SCHEMA, payload)).toBe(expected);
  });

  test('in a text of bounded length, without control characters', () => {
    const schema = { additionalProperties: { type: 'string' } };
    expect(checked(schema, { [`\u0000${'x'.repeat(10_000)}`]: 1 })?.length).toBeLessThanOrEqual(200);
    expect(checked(schema, { 'a\u0000b': 1 })).toBe('/a\uFFFDb must be string');
  });

  test('and a body that is nested deeper than a schema that refers to itself can go is told as such', () => {
    let deep: unknown = [];
    for (let i = 0; i < 200_000; i += 1) deep = [deep];
    expect(checked({ items: { $ref: '#' } }, deep)).toBe('the body is nested too deeply');
  });

  test('the body stays as it is', () => {
    const payload = { n: '5' };
    expect(checked({ properties: { n: { type: 'number' }, m: { default: 1 } } }, payload)).toBe('/n must be number');
    expect(payload).toEqual({ n: '5' });
  });
});

describe('drafts', () => {
  const tuple2020 = { prefixItems: [{ type: 'string' }] };
  const tuple7 = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] };

  test('2020-12 without a $schema, and by it', () => {
    expect(checked(tuple2020, [1])).toBe('/0 must be string');
    expect(checked({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...tuple2020 }, [1])).toBe('/0 must be string');
  });

  test('07 by its $schema', () => {
    expect(checked(tuple7, [1])).toBe('/0 must be string');
  });

  test('references inside, formats without effect', () => {
    const schema = { $defs: { name: { type: 'string', format: 'email' } }, properties: { a: { $ref: '#/$defs/name' } } };
    expect(checked(schema, { a: 'no address' })).toBeNull();
    expect(checked(schema, { a: 1 })).toBe('/a must be string');
  });
});

// biome-ignore format: a table reads by row
test.each([
  ['no JSON', '{', 'it is not JSON'],
  ['a list', '[]', 'it is not a JSON Schema'],
  ['everything', 'true', 'it takes everything or nothing'],
  ['another draft', '{"$schema":"http://json-schema.org/draft-04/schema#"}', 'its $schema is neither draft 2020-12 nor draft-07'],
  ['a prototype as draft', '{"$schema":"constructor"}', 'its $schema is neither draft 2020-12 nor draft-07'],
  ['a reference to elsewhere', '{"$ref":"https://example.com/a.json"}', /resolve reference https:\/\/example.com/],
  ['a misspelt keyword', '{"requird":["a"]}', /unknown keyword: "requird"/],
  ['a wrong keyword', '{"type":"strnig"}', /schema is invalid/],
  ['a pattern that is none', '{"pattern":"("}', /regular expression|schema is invalid/i],
  ['what waits for something', '{"$async":true,"type":"object"}', '$async is not for bodies'],
])('%s is no schema', (_name, text, expected) => {
  expect(faultOf(text)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
});
