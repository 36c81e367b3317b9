import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore, type TestStore } from '../support/store.ts';

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

const APP = { since: 1, reason: '10 attempts in a row failed', probeAt: 5_001 };
const AUDIT = { since: 2, reason: 'the probe failed', probeAt: 7 };

test('open breakers outlive the process, as they were last, and closed ones are forgotten', async () => {
  const { breakers } = store.store;
  expect([...breakers.saved]).toEqual([]);
  await breakers.keep('app', APP);
  await breakers.keep('audit', { ...AUDIT, probeAt: 3 });
  await breakers.keep('audit', AUDIT);
  await breakers.keep('closed again', APP);
  await breakers.keep('closed again', null);
  await breakers.keep('never open', null);
  store = await store.reopen();
  expect(Object.fromEntries(store.store.breakers.saved)).toEqual({ app: APP, audit: AUDIT });
});

test('a closed store keeps none and says so', async () => {
  const { breakers } = store.store;
  await store.store.close();
  await expect(breakers.keep('app', APP)).rejects.toMatchObject({ code: 'shutting_down' });
});
