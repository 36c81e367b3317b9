import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AppendResult, NewEvent } from '../../src/domain/event.ts';
import { type BareWriter, openBareWriter } from '../support/bare-writer.ts';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { accept, rowsIn } from '../support/store-steps.ts';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;
const dedup = { key: 'msg_1', windowMs: HOUR };

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

const append = (event: Partial<NewEvent> = {}): Promise<AppendResult> =>
  store.store.log.append(newEvent({ receivedAt: START, dedup, ...event }), [{ kind: 'pending' as const, target: 'app' }]);

async function counted(id: string): Promise<{ duplicates: number; conflicts: number }> {
  const found = await store.store.history.event(id);
  if (found.kind !== 'found') throw new Error(`${id} is ${found.kind}`);
  return { duplicates: found.value.duplicates, conflicts: found.value.conflicts };
}

test('a key that is known gets the id of the first event and is not stored again', async () => {
  const id = await accept(store, { receivedAt: START, dedup });
  expect(await append()).toEqual({ kind: 'duplicate', eventId: id, conflict: false });
  expect(rowsIn(store.file, 'SELECT count(*) FROM deliveries')).toEqual([[1]]);
  expect(await counted(id)).toEqual({ duplicates: 1, conflicts: 0 });
});

test('the second in the same batch gets the id of the first', async () => {
  const results = await Promise.all([append(), append(), append({ receivedAt: START + 5 })]);
  const [first] = results;
  if (first?.kind !== 'accepted') throw new Error('the first was not accepted');
  const { eventId } = first;
  expect(results.slice(1)).toEqual([
    { kind: 'duplicate', eventId, conflict: false },
    { kind: 'duplicate', eventId, conflict: false },
  ]);
  expect(rowsIn(store.file, 'SELECT count(*) FROM events')).toEqual([[1]]);
});

test('the same key with another body is a duplicate all the same, counted as a conflict', async () => {
  const id = await accept(store, { receivedAt: START, dedup });
  expect(await append({ body: Buffer.from('something else') })).toEqual({ kind: 'duplicate', eventId: id, conflict: true });
  await append();
  expect(await counted(id)).toEqual({ duplicates: 2, conflicts: 1 });
});

test('the window is fixed from the first acceptance, duplicates do not move it, and it survives a restart', async () => {
  const id = await accept(store, { receivedAt: START, dedup });
  expect(await append({ receivedAt: START + HOUR / 2 })).toMatchObject({ kind: 'duplicate', eventId: id });
  store = await store.reopen();
  expect(await append({ receivedAt: START + HOUR - 1 })).toMatchObject({ kind: 'duplicate', eventId: id });

  const second = await append({ receivedAt: START + HOUR });
  expect(second.kind).toBe('accepted');
  store = await store.reopen();
  expect(await append({ receivedAt: START + 2 * HOUR - 1 })).toEqual({ ...second, kind: 'duplicate', conflict: false });
  expect(await counted(id)).toEqual({ duplicates: 2, conflicts: 0 });
});

test('a shorter window of a later request does not shorten that of the first', async () => {
  const id = await accept(store, { receivedAt: START, dedup });
  const brief = { key: 'msg_1', windowMs: 1 };
  expect(await append({ receivedAt: START + HOUR - 1, dedup: brief })).toMatchObject({ kind: 'duplicate', eventId: id });
});

test('a key belongs to its route', async () => {
  await accept(store, { receivedAt: START, dedup });
  expect((await append({ route: 'stripe' })).kind).toBe('accepted');
});

test('without a key nothing is a duplicate', async () => {
  const results = await Promise.all([append({ dedup: null }), append({ dedup: null })]);
  expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
});

test('keys are compared as they are: case, spaces and letters of any language', async () => {
  const keys = ['a', 'A', ' a', 'a ', 'ä', 'a\u0308', '', '0', '00', 'a\u0000b', 'a\u0000c', '\ud800', '\ud801'];
  const all = () => Promise.all(keys.map((key) => append({ dedup: { key, windowMs: HOUR } })));
  expect((await all()).map(({ kind }) => kind)).toEqual(keys.map(() => 'accepted'));
  expect((await all()).map(({ kind }) => kind)).toEqual(keys.map(() => 'duplicate'));
});

test('a batch that failed burns no key and no number', () => {
  const bare: BareWriter = openBareWriter();
  try {
    const event = newEvent({ receivedAt: START, dedup, body: Buffer.alloc(100_000) });
    const appends = [{ event, deliveries: [{ kind: 'pending' as const, target: 'app', lease: 1 }] }];
    const pages = Number(bare.db.pragma('page_count', { simple: true }));
    bare.db.pragma(`max_page_count = ${pages}`);
    expect(bare.run({ appends, now: START })).toMatchObject({ kind: 'refused', code: 'disk_full' });
    bare.db.pragma('max_page_count = 1000000');
    expect(bare.commit({ appends, now: START }).appends).toEqual([{ kind: 'accepted', event: 1, firstDelivery: 1 }]);
    expect(rowsIn(bare.file, 'SELECT status, count FROM delivery_counts')).toEqual([['pending', 1]]);
  } finally {
    bare.remove();
  }
});
