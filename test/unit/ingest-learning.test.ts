import { expect, test } from 'vitest';
import { Learning } from '../../src/ingest/learning.ts';
import { MemorySecrets } from '../support/ingest.ts';
import { createManualClock } from '../support/manual-clock.ts';

const MINUTE = 60_000;

function learning(store = new MemorySecrets()) {
  const clock = createManualClock();
  const hidden: string[] = [];
  const changes: number[] = [];
  const subject = new Learning({ store, clock, hide: (secret) => void hidden.push(secret) });
  subject.changed = () => void changes.push(subject.secretsOf('asana').length);
  return { subject, store, clock, hidden, changes };
}

test('nothing is learned by a route that nobody armed', async () => {
  const { subject, store, hidden } = learning();
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('not_armed');
  expect(subject.view('asana')).toEqual({ armedUntil: null, learnedAt: null, hasSecret: false });
  expect([store.learned, hidden]).toEqual([[], []]);
});

test('an armed route learns one secret: stored, hidden, counted, and then the window is closed', async () => {
  const { subject, store, clock, hidden, changes } = learning();
  expect(subject.arm('asana', 10 * MINUTE)).toBe(clock.now() + 10 * MINUTE);
  expect(subject.view('asana').armedUntil).toBe(clock.now() + 10 * MINUTE);
  expect(await subject.learn('notion', 'secret-of-notion')).toBe('not_armed');
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('learned');
  expect(subject.secretsOf('asana')).toEqual(['secret-of-asana']);
  expect(store.learned).toEqual([{ route: 'asana', secret: 'secret-of-asana', learnedAt: clock.now() }]);
  expect([hidden, changes]).toEqual([['secret-of-asana'], [1]]);
  expect(await subject.learn('asana', 'another-secret')).toBe('not_armed');
  expect(subject.view('asana')).toEqual({ armedUntil: null, learnedAt: clock.now(), hasSecret: true });
});

test('of two senders at once, one gets through', async () => {
  const { subject } = learning();
  subject.arm('asana', MINUTE);
  const results = await Promise.all([subject.learn('asana', 'first-secret'), subject.learn('asana', 'second-secret')]);
  expect(results).toEqual(['learned', 'not_armed']);
});

test('the window ends by itself, at the millisecond', async () => {
  const { subject, clock } = learning();
  subject.arm('asana', 10 * MINUTE);
  await clock.advance(10 * MINUTE - 1);
  expect(subject.view('asana').armedUntil).toBe(clock.now() + 1);
  await clock.advance(1);
  expect(subject.view('asana').armedUntil).toBeNull();
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('not_armed');
});

test('the wall clock has no say in it', async () => {
  const { subject, clock } = learning();
  subject.arm('asana', MINUTE);
  clock.jumpWall(-3_600_000);
  await clock.advance(MINUTE);
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('not_armed');
});

test('a second call makes the window longer, never shorter; disarming ends it', () => {
  const { subject, clock } = learning();
  subject.arm('asana', 30 * MINUTE);
  expect(subject.arm('asana', MINUTE)).toBe(clock.now() + 30 * MINUTE);
  expect(subject.arm('asana', 60 * MINUTE)).toBe(clock.now() + 60 * MINUTE);
  subject.disarm('asana');
  expect(subject.view('asana').armedUntil).toBeNull();
});

test('a secret that is not on disk was not learned, and the window is as it was', async () => {
  const { subject, store, clock, changes } = learning();
  store.failing = true;
  subject.arm('asana', 10 * MINUTE);
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('not_stored');
  expect([subject.secretsOf('asana'), changes]).toEqual([[], []]);
  store.failing = false;
  expect(subject.view('asana').armedUntil).toBe(clock.now() + 10 * MINUTE);
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('learned');
});

test('a known secret is answered again without a window, and not stored again', async () => {
  const { subject, store } = learning();
  subject.arm('asana', MINUTE);
  await subject.learn('asana', 'secret-of-asana');
  expect(await subject.learn('asana', 'secret-of-asana')).toBe('known');
  expect(store.learned).toHaveLength(1);
});

test('what an earlier run learned counts and is hidden; forgetting drops it', async () => {
  const store = new MemorySecrets();
  await store.learn({ route: 'asana', secret: 'secret-of-asana', learnedAt: 7 });
  await store.learn({ route: 'notion', secret: 'secret-of-notion', learnedAt: 8 });
  const { subject, hidden, changes } = learning(store);
  expect(hidden).toEqual(['secret-of-asana', 'secret-of-notion']);
  expect(subject.view('asana')).toEqual({ armedUntil: null, learnedAt: 7, hasSecret: true });
  await subject.forget('asana');
  expect([subject.secretsOf('asana'), subject.secretsOf('notion'), changes]).toEqual([[], ['secret-of-notion'], [0]]);
  expect(store.learned).toHaveLength(1);
});

test('a token is shown for an hour', async () => {
  const { subject, clock } = learning();
  subject.arm('notion', MINUTE);
  await subject.learn('notion', 'secret-of-notion');
  await clock.advance(60 * MINUTE - 1);
  expect(subject.recentSecret('notion')).toBe('secret-of-notion');
  await clock.advance(1);
  expect(subject.recentSecret('notion')).toBeNull();
});
