import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containsJson, parseBodyQuery } from '../../src/domain/body-match.ts';

describe('a query for bodies', () => {
  it.each([
    ['needle', { kind: 'text', text: 'needle' }],
    ['{"a":1}', { kind: 'json', value: { a: 1 } }],
    [' [1] ', { kind: 'json', value: [1] }],
    ['{"a":', { kind: 'text', text: '{"a":' }],
    ['"a"', { kind: 'text', text: '"a"' }],
  ])('%s', (text, query) => expect(parseBodyQuery(text)).toEqual(query));
});

describe('a JSON value', () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: { b: { c: null } } }, { c: null }, true],
    [{ a: { b: {} } }, { c: null }, false],
    [[3, 2, 1], [1, 2], true],
    [{ list: [{ id: 1, x: 1 }, { id: 2 }] }, { list: [{ id: 2 }, { id: 1 }] }, true],
    [{ list: { 0: 'a' } }, { list: ['a'] }, false],
    [JSON.parse('{"__proto__":{"a":1}}'), { a: 1 }, true],
    [{}, JSON.parse('{"toString":{}}'), false],
    ['text', { a: 1 }, false],
  ])('%j contains %j: %s', (value, wanted, contains) => expect(containsJson(value, wanted)).toBe(contains));

  it('contains itself, wherever it lies', () => {
    fc.assert(
      fc.property(fc.object(), fc.string(), (value, name) => {
        const json = JSON.parse(JSON.stringify(value)) as object;
        expect(containsJson(json, json)).toBe(true);
        expect(containsJson({ x: [{ [name]: json }] }, json)).toBe(true);
      }),
    );
  });
});
