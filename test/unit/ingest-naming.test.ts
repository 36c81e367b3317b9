import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DedupConfig } from '../../src/config/types.ts';
import type { HeaderList } from '../../src/domain/event.ts';
import { keyRule } from '../../src/ingest/dedup-key.ts';
import { eventType, plannedDeliveries, routeTable } from '../../src/ingest/route-table.ts';
import { parseSource } from '../../src/providers/source.ts';
import { received, routeConfig, verifyConfig } from '../support/ingest.ts';

const PRESET: DedupConfig = { kind: 'preset', windowMs: 7 };
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

function keyOf(headers: HeaderList, body: string | Buffer = '', dedup: DedupConfig = PRESET): string | null {
  return keyRule(dedup, verifyConfig())(received(headers, body))?.key ?? null;
}

describe('dedup key', () => {
  const header = (value: string): [string, string] => ['X-KnowledgeSDK-Dedup-Key', value];

  test('the preset takes the dedup header, with the route’s window', () => {
    expect(keyRule(PRESET, verifyConfig())(received([header('msg_1')]))).toEqual({ key: 'msg_1', windowMs: 7 });
  });

  test('a callbackUrl body is named jobId:status', () => {
    expect(keyOf([], '{"jobId":"job_1","status":"completed","result":{}}')).toBe('job_1:completed');
    expect(keyOf([], '{"jobId":17,"status":"failed"}')).toBe('17:failed');
    expect(keyOf([header('msg_1')], '{"jobId":"job_1","status":"completed"}')).toBe('msg_1');
  });

  test.each(['{"jobId":"j"}', '{"status":"s"}', '{"jobId":"","status":"s"}', '{"jobId":{},"status":"s"}', '[]', 'nonsense', ''])(
    'the body %j names no key',
    (body) => expect(keyOf([], body)).toBeNull(),
  );

  test('a body with an event is no callback', () => {
    expect(keyOf([], '{"event":"PAGE_SCRAPED","jobId":"j","status":"s"}')).toBeNull();
  });

  test('an empty header names none; different repeats are joined, equal ones are one', () => {
    expect(keyOf([header('')])).toBeNull();
    expect(keyOf([header('a'), header('b')])).toBe('a, b');
    expect(keyOf([header('a'), header('a')])).toBe('a');
  });

  test('header, body path, body and none', () => {
    expect(keyOf([['X-Id', 'i']], '', { kind: 'header', name: 'x-id', windowMs: 1 })).toBe('i');
    expect(keyOf([], '{"a":[{"b":"c"}]}', { kind: 'body-path', path: 'a.0.b', windowMs: 1 })).toBe('c');
    expect(keyOf([], Buffer.from([0xff, 0]), { kind: 'body', windowMs: 1 })).toBe(`sha256:${sha256(Buffer.from([0xff, 0]))}`);
    expect(keyOf([header('msg_1')], '', { kind: 'none' })).toBeNull();
  });

  test('prototypes are not followed', () => {
    for (const path of ['__proto__.x', 'constructor.name', 'toString', 'a.length']) {
      expect(keyOf([], '{"a":{}}', { kind: 'body-path', path, windowMs: 1 })).toBeNull();
    }
    expect(keyOf([], '{"__proto__":{"x":"own"}}', { kind: 'body-path', path: '__proto__.x', windowMs: 1 })).toBe('own');
  });

  test('past 256 bytes the hash is the key', () => {
    expect(keyOf([header('k'.repeat(256))])).toBe('k'.repeat(256));
    expect(keyOf([header('k'.repeat(257))])).toBe(`sha256:${sha256('k'.repeat(257))}`);
    expect(keyOf([header('é'.repeat(128))])).toBe('é'.repeat(128));
    expect(keyOf([header('é'.repeat(129))])).toBe(`sha256:${sha256('é'.repeat(129))}`);
  });

  test('different texts never get one key, whatever is in them', () => {
    const dedup: DedupConfig = { kind: 'body-path', path: 'k', windowMs: 1 };
    const text = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('\ud800', '\udc00', '\ufffd'));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const keys = [a, b].map((k) => keyOf([], JSON.stringify({ k }), dedup) ?? '');
        expect(Buffer.from(keys[0] ?? '').equals(Buffer.from(keys[1] ?? ''))).toBe(a === b);
      }),
    );
  });
});

describe('event type', () => {
  const typeOf = (body: string | Buffer) => eventType(received([], body), [parseSource('body:event')]);

  test('is what the body says', () => {
    expect(typeOf('{"event":"EXTRACTION_COMPLETED"}')).toBe('EXTRACTION_COMPLETED');
    expect(typeOf(' \r\n{"event":"A B"}')).toBe('A B');
  });

  test.each([
    '',
    'null',
    '"event"',
    '[]',
    '{',
    '{"event":null}',
    '{"event":{}}',
    '{"event":""}',
    '{"event":"a\\r\\nb"}',
    '{"event":" a"}',
    '{"event":"é"}',
    `{"event":"${'x'.repeat(257)}"}`,
    '{"jobId":"j","status":"completed"}',
    `${'['.repeat(200_000)}`,
    '{"__proto__":{"event":"x"}}',
  ])('is null for %.40j', (body) => expect(typeOf(body)).toBeNull());

  test('never throws and is always fit for a header', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.uint8Array().map((b) => Buffer.from(b).toString('latin1')),
        ),
        (text) => {
          const type = typeOf(Buffer.from(text, 'latin1'));
          expect(type === null || /^[\x20-\x7e]{1,256}$/.test(type)).toBe(true);
        },
      ),
    );
  });

  test('the body is parsed once, and only when asked', () => {
    const request = received([], '{"event":"A"}');
    expect(request.payload()).toBe(request.payload());
  });
});

describe('events lists', () => {
  const deliver = [
    { target: 'all', events: null },
    { target: 'some', events: ['A', 'B'] },
    { target: 'none', events: [] },
  ];
  const route = routeTable([routeConfig({ deliver })]).get('/webhooks/knowledgesdk');
  const wanted = (type: string | null) =>
    route === undefined
      ? []
      : plannedDeliveries(route.plan, type).map((planned) => [
          planned.target,
          planned.kind === 'pending' ? null : planned.reason,
        ]);

  test('every target has a delivery; those that do not list the type have it filtered', () => {
    const filtered = 'type_not_in_events';
    expect(wanted('A')).toEqual([
      ['all', null],
      ['some', null],
      ['none', filtered],
    ]);
    for (const type of ['C', null])
      expect(wanted(type)).toEqual([
        ['all', null],
        ['some', filtered],
        ['none', filtered],
      ]);
  });
});

test('globs in events lists, beside types and delays', () => {
  const deliver = [
    { target: 'globs', events: ['A*', 'B'], delayMs: 5 },
    { target: 'types', events: ['AB'] },
  ];
  const route = routeTable([routeConfig({ deliver })]).get('/webhooks/knowledgesdk');
  const kinds = (type: string | null) => (route === undefined ? [] : plannedDeliveries(route.plan, type).map(({ kind }) => kind));
  expect(['AB', 'AC', 'B', 'C', '*', null].map(kinds)).toEqual([
    ['pending', 'pending'],
    ['pending', 'filtered'],
    ['pending', 'filtered'],
    ['filtered', 'filtered'],
    ['filtered', 'filtered'],
    ['filtered', 'filtered'],
  ]);
  expect(route && plannedDeliveries(route.plan, 'AC')[0]).toEqual({ kind: 'pending', target: 'globs', delayMs: 5 });
});
