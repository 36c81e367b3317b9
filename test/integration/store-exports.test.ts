import { existsSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExportFiles } from '../../src/admin/export-files.ts';
import { EXPORT_AGE_MS } from '../../src/admin/exports.ts';
import type { ExportTaskView } from '../../src/admin/ports.ts';
import { exportFolderOf } from '../../src/admin/tasks.ts';
import type { DeliveryFilter } from '../../src/domain/listing.ts';
import { redaction } from '../../src/domain/redaction.ts';
import { carryOut, exportFileOf, exportsOf, linesOf } from '../support/exports.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { accept, attemptOf, DAY_MS, deliveriesOf, leaseAll } from '../support/store-steps.ts';

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

async function task(id: string): Promise<ExportTaskView> {
  const found = await store.store.history.task(id);
  if (found.kind !== 'found' || found.value.kind !== 'export') throw new Error(`no export ${id}`);
  return found.value;
}

const start = async (filter: DeliveryFilter = {}): Promise<string> => (await store.store.operations.startExport({ filter })).id;

async function exported(filter: DeliveryFilter): Promise<string[]> {
  const id = await start(filter);
  await carryOut(exportsOf(store), id);
  return linesOf(exportFileOf(store, id)).map((line) => line.id);
}

describe('an export', () => {
  test('has one line for each event, with its exact body, for the relay alone', async () => {
    const bodies = [Buffer.from('{"a":"ü\\n"}'), Buffer.from([0xff, 0, 0xfe]), Buffer.alloc(0), Buffer.from('\ufeffa\u2028b')];
    const ids: string[] = [];
    for (const body of bodies)
      ids.push(
        await accept(
          store,
          {
            body,
            headers: [
              ['X-Twice', '1'],
              ['X-Twice', '2'],
            ],
          },
          ['app', 'audit'],
        ),
      );
    const id = await start();
    const exports = exportsOf(store);
    await carryOut(exports, id, 3);
    const file = exportFileOf(store, id);
    expect(await task(id)).toMatchObject({ status: 'completed', matched: 4, done: 4, failed: 0, bytes: statSync(file).size });
    const lines = linesOf(file);
    expect(lines.map((line) => line.id)).toEqual(ids);
    const read = lines.map((line) =>
      Buffer.from(line.body ?? line.bodyBase64 ?? '', line.body === undefined ? 'base64' : 'utf8'),
    );
    expect(read).toEqual(bodies);
    expect(lines.map((line) => line.body === undefined)).toEqual([false, true, false, false]);
    const found = await store.store.history.event(ids[0] ?? '');
    if (found.kind !== 'found') throw new Error('no event');
    const { receivedAt, deliveries, ...event } = found.value;
    expect(lines[0]).toMatchObject({ ...event, receivedAt: new Date(receivedAt).toISOString() });
    expect(lines[0]?.deliveries).toMatchObject(deliveries.map(({ id, target, status }) => ({ id, target, status })));
    expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
    const opened = await exports.open(await task(id));
    if (opened.kind !== 'found') throw new Error('gone');
    expect((await text(opened.stream())).split('\n')).toHaveLength(5);
  });

  test('of nothing is an empty file', async () => {
    const id = await start({ route: 'nowhere' });
    await carryOut(exportsOf(store), id);
    expect(await task(id)).toMatchObject({ status: 'completed', matched: 0, bytes: 0 });
    expect(linesOf(exportFileOf(store, id))).toEqual([]);
  });

  test('has the events that the filter matches, each once', async () => {
    const old = await accept(store, { receivedAt: 1000, route: 'other' });
    const both = await accept(store, { receivedAt: 2000, type: 'A' }, ['app', 'audit']);
    const lonely = await accept(store, { receivedAt: 3000 }, []);
    for (const leased of await leaseAll(store)) {
      const outcome = leased.event.id === both ? ({ kind: 'dead', reason: 'x' } as const) : ({ kind: 'delivered' } as const);
      await store.store.queue.settle(leased, attemptOf(leased, outcome, store.clock.wall), outcome);
    }
    const replayed = await store.store.operations.replayEvent(old, ['third']);
    expect(replayed.kind).toBe('found');
    const [delivery] = await deliveriesOf(store, both);
    expect(await exported({})).toEqual([old, both, lonely]);
    expect(await exported({ route: 'other' })).toEqual([old]);
    expect(await exported({ type: 'A' })).toEqual([both]);
    expect(await exported({ from: 2000, to: 3000 })).toEqual([both]);
    expect(await exported({ status: 'dead' })).toEqual([both]);
    expect(await exported({ status: 'dead', target: 'audit' })).toEqual([]);
    expect(await exported({ target: 'third' })).toEqual([old]);
    expect(await exported({ status: 'pending' })).toEqual([old, both]);
    expect(await exported({ eventIds: [lonely, 'evt_nonsense', old] })).toEqual([old, lonely]);
    expect(await exported({ deliveryIds: [delivery?.id ?? ''] })).toEqual([both]);
    expect(await exported({ deliveryIds: [delivery?.id ?? ''], status: 'delivered' })).toEqual([]);
  });

  test('counts an event that is gone as failed, and goes on', async () => {
    const [gone, kept] = [await accept(store), await accept(store, { receivedAt: Date.now() + 60 * DAY_MS })];
    const id = await start();
    const exports = exportsOf(store);
    await exports.materialise(id);
    for (const leased of await leaseAll(store)) {
      const outcome = { kind: 'delivered' } as const;
      await store.store.queue.settle(leased, attemptOf(leased, outcome, store.clock.wall), outcome);
    }
    store.clock.wall += 30 * DAY_MS;
    await store.store.upkeep.sweep();
    expect(await store.store.history.event(gone)).toEqual({ kind: 'gone' });
    await carryOut(exports, id);
    expect(await task(id)).toMatchObject({ status: 'completed', matched: 2, done: 1, failed: 1 });
    expect(linesOf(exportFileOf(store, id)).map((line) => line.id)).toEqual([kept]);
  });

  test('that is cancelled stops, and its file goes', async () => {
    for (let i = 0; i < 3; i += 1) await accept(store);
    const id = await start();
    const exports = exportsOf(store);
    await exports.materialise(id);
    await exports.step(id, 1);
    expect(existsSync(exportFileOf(store, id))).toBe(true);
    await store.store.operations.cancelTask(id);
    expect(await exports.step(id, 1)).toEqual({ done: 0, failed: 0, finished: true });
    expect(existsSync(exportFileOf(store, id))).toBe(false);
    expect(await task(id)).toMatchObject({ status: 'cancelled', done: 1 });
  });

  test('is kept for a day, also over a restart', async () => {
    await accept(store);
    const id = await start();
    await carryOut(exportsOf(store), id);
    store = await store.reopen();
    const finishedAt = (await task(id)).finishedAt ?? 0;
    const exports = exportsOf(store);
    store.clock.wall = finishedAt + EXPORT_AGE_MS - 1;
    await exports.sweep();
    expect(exports.keptUntil(await task(id))).toBe(finishedAt + EXPORT_AGE_MS);
    expect(existsSync(exportFileOf(store, id))).toBe(true);
    store.clock.wall += 1;
    exports.suspend(true);
    await exports.sweep();
    expect(existsSync(exportFileOf(store, id))).toBe(true); // a clock that is not believed makes nothing old
    exports.suspend(false);
    await exports.sweep();
    expect(existsSync(exportFileOf(store, id))).toBe(false);
    expect(await exports.open(await task(id))).toEqual({ kind: 'gone' });
  });

  test('fails when what it had written is not there any more', async () => {
    for (let i = 0; i < 3; i += 1) await accept(store);
    const damage = [(file: string) => rmSync(file), (file: string) => truncateSync(file, 10)];
    for (const harm of damage) {
      const id = await start();
      const exports = exportsOf(store);
      await exports.materialise(id);
      await exports.step(id, 1);
      harm(exportFileOf(store, id));
      expect((await exports.step(id, 1)).finished).toBe(true);
      expect(await task(id)).toMatchObject({ status: 'failed', error: { code: 'export_file_lost' } });
    }
  });
});

describe('a deleted event', () => {
  test('takes the finished exports with it, and the others begin anew', async () => {
    const ids = [await accept(store), await accept(store)];
    const exports = exportsOf(store);
    const [finished, running] = [await start(), await start()];
    await carryOut(exports, finished);
    await exports.materialise(running);
    await exports.step(running, 1);
    const batch = await store.store.tasks.exportBatch(running, 1, 1000);
    await exports.drop();
    expect(existsSync(exportFileOf(store, finished))).toBe(false);
    expect(await exports.open(await task(finished))).toEqual({ kind: 'gone' });
    expect(exports.keptUntil(await task(finished))).toBeNull();
    expect(await task(running)).toMatchObject({ status: 'running', done: 0, bytes: 0 });
    const at = batch?.at ?? { position: 0, bytes: 0, restarts: 0 };
    // A step that was begun before, and one that was begun before at the same place.
    for (const position of [at, { ...at, position: 0, bytes: 0 }])
      expect(await store.store.tasks.exportAdvance(running, position, { done: 1, failed: 0, bytes: 99 })).toBe('stale');
    await carryOut(exports, running);
    expect(linesOf(exportFileOf(store, running)).map((line) => line.id)).toEqual(ids);
  });
});

describe('a disk without room', () => {
  test('makes an export wait, and fail after ten minutes', async () => {
    await accept(store);
    let [now, free] = [0, 1_000];
    const files = new (class extends ExportFiles {
      override free = async () => free;
    })(exportFolderOf(store.file));
    const clock = { ...store.clock, now: () => store.clock.wall, monotonic: () => now };
    const exports = exportsOf(store, { files, minFree: 900, clock });
    const [waits, fails] = [await start(), await start()];
    await exports.materialise(waits);
    await expect(exports.step(waits, 10)).rejects.toMatchObject({ code: 'disk_low' });
    free = 1_000_000;
    expect(await exports.step(waits, 10)).toEqual({ done: 1, failed: 0, finished: true });
    free = 1_000;
    await exports.materialise(fails);
    await expect(exports.step(fails, 10)).rejects.toMatchObject({ code: 'disk_low' });
    now += 599_999;
    await expect(exports.step(fails, 10)).rejects.toMatchObject({ code: 'disk_low' });
    now += 1;
    expect((await exports.step(fails, 10)).finished).toBe(true);
    expect(await task(fails)).toMatchObject({ status: 'failed', done: 0, error: { code: 'disk_low' } });
    expect(existsSync(exportFileOf(store, fails))).toBe(false);
  });
});

/** Where a step is cut off. */
type Crash = 'none' | 'before' | 'torn' | 'written' | 'garbage';
const crash = fc.constantFrom<Crash>('none', 'before', 'torn', 'written', 'garbage');

class Crashed extends Error {}

test('an export that crashes anywhere has every line once and whole', { timeout: 60_000 }, async () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 12 });
  const steps = fc.array(fc.record({ limit: fc.integer({ min: 1, max: 5 }), crash }), { minLength: 3, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(bodies, steps, async (contents, plan) => {
      let current = await openTestStore();
      try {
        const ids: string[] = [];
        for (const body of contents) ids.push(await accept(current, { body: Buffer.from(body) }));
        const { id } = await current.store.operations.startExport({ filter: {} });
        for (const { limit, crash: where } of plan) {
          const exports = crashing(current, where);
          await exports.materialise(id);
          const ended = await exports.step(id, limit).catch((error: unknown) => {
            if (error instanceof Crashed) return null;
            throw error;
          });
          if (ended === null) current = await current.reopen();
          else if (ended.finished) break;
        }
        await carryOut(exportsOf(current), id, 4);
        const lines = linesOf(exportFileOf(current, id));
        expect(lines.map((line) => line.id)).toEqual(ids);
        expect(await current.store.history.task(id)).toMatchObject({
          value: { status: 'completed', matched: ids.length, done: ids.length, bytes: statSync(exportFileOf(current, id)).size },
        });
      } finally {
        await current.remove();
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

/** Exports whose process dies within a step: some, all or more of its lines are in the file, and nothing of that was recorded. */
function crashing(test: TestStore, where: Crash) {
  if (where === 'none') return exportsOf(test);
  const files = new (class extends ExportFiles {
    override async append(id: string, position: number, lines: Buffer): Promise<number> {
      if (where === 'before') throw new Crashed();
      const part = where === 'torn' ? lines.subarray(0, Math.floor(lines.length / 2)) : lines;
      const length = await super.append(id, position, part);
      if (where === 'garbage') writeFileSync(exportFileOf(test, id), Buffer.alloc(7, 1), { flag: 'a' });
      if (where !== 'written') throw new Crashed();
      return length;
    }
  })(exportFolderOf(test.file));
  const work = new Proxy(test.store.tasks, {
    get: (target, name) => {
      if (name === 'exportAdvance') return () => Promise.reject(new Crashed());
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return exportsOf(test, { work, files });
}

test('a replay that crashes between its steps makes each delivery due once', { timeout: 60_000 }, async () => {
  const plan = fc.array(fc.record({ limit: fc.integer({ min: 1, max: 4 }), crash: fc.boolean() }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 10 }), plan, async (count, steps) => {
      let current = await openTestStore();
      try {
        const ids: string[] = [];
        for (let i = 0; i < count; i += 1) ids.push(await accept(current));
        for (const leased of await leaseAll(current)) {
          const outcome = { kind: 'delivered' } as const;
          await current.store.queue.settle(leased, attemptOf(leased, outcome, current.clock.wall), outcome);
        }
        const request = { filter: { status: 'delivered' as const }, targets: ['third'], ratePerSecond: null };
        const { id } = await current.store.operations.startReplay(request);
        let finished = false;
        for (const step of [...steps, ...Array.from({ length: 12 }, () => ({ limit: 2, crash: false }))]) {
          if (finished) break;
          await current.store.tasks.materialise(id);
          ({ finished } = await current.store.tasks.step(id, step.limit));
          if (step.crash) current = await current.reopen();
        }
        expect(finished).toBe(true);
        const due = (await leaseAll(current, 'third')).map(({ event }) => event.id);
        expect(due.toSorted()).toEqual(ids.toSorted());
        expect(await current.store.history.task(id)).toMatchObject({
          value: { status: 'completed', matched: count, done: count },
        });
      } finally {
        await current.remove();
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

test('an export is masked like everything else that people look at', async () => {
  const body = Buffer.from('{"user":{"email":"canary@example.com"},"n":1}');
  await accept(store, { body, headers: [['X-Email', 'canary@example.com']] });
  const mask = redaction({ headers: ['x-email'], body: ['user.email'] });
  const id = await start();
  await carryOut(exportsOf(store, { maskOf: () => mask }), id);
  const [line] = linesOf(exportFileOf(store, id));
  expect(line).toMatchObject({ body: '{"user":{"email":"***"},"n":1}', headers: [['X-Email', '***']], redacted: true });
});
