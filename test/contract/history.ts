import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deletions, DeliveryView, History, IdempotencyMark, Operations } from '../../src/admin/ports.ts';
import type { TaskRef, TaskWork } from '../../src/admin/task-runner.ts';
import type { Attempt, Outcome } from '../../src/domain/attempt.ts';
import type { NewAuditEntry } from '../../src/domain/audit.ts';
import type { NewEvent, NewRejection } from '../../src/domain/event.ts';
import { formatId, parseId } from '../../src/domain/ids.ts';
import type { DeliveryFilter, Page, PageRequest, RejectionFilter } from '../../src/domain/listing.ts';

/** A store as the admin API sees it, with the few things that the rest of the relay does to it. */
export interface HistoryHarness {
  history: History;
  operations: Operations;
  work: TaskWork & { open(): Promise<TaskRef[]> };
  deletions: Deletions;
  /** Stores an event with one pending delivery per target, due now; resolves with its id. */
  append(event: NewEvent, targets: readonly string[]): Promise<string>;
  /** The same, with every delivery in quarantine for this reason. */
  quarantine(event: NewEvent, targets: readonly string[], reason: string): Promise<string>;
  /** Claims a delivery that is due, and keeps the claim. */
  lease(deliveryId: string): Promise<void>;
  /** Claims a delivery that is due, and settles it with this attempt. */
  settle(deliveryId: string, attempt: Attempt, outcome: Outcome): Promise<void>;
  hold(deliveryId: string, reason: string): Promise<void>;
  reject(rejection: NewRejection): Promise<void>;
  /** Notes what somebody did; it may take a moment to be seen. */
  did(entry: NewAuditEntry): Promise<void>;
  /** What retention does at the end of an event's time. */
  expire(eventId: string): Promise<void>;
  close(): Promise<void>;
}

/** What every harness is made with: events of any route go to `app` now. */
export interface HistorySetup {
  targetsOf: (route: string, type: string | null) => readonly string[];
}

const T0 = Date.UTC(2026, 2, 20, 14, 30);

const newEvent = (changes: Partial<NewEvent> = {}): NewEvent => ({
  route: 'knowledgesdk',
  receivedAt: T0,
  type: 'EXTRACTION_COMPLETED',
  dedup: null,
  method: 'POST',
  path: '/webhooks/knowledgesdk',
  query: 'a=1',
  peer: '203.0.113.7',
  contentType: 'application/json',
  headers: [
    ['Content-Type', 'application/json'],
    ['X-Twice', 'one'],
    ['X-Twice', 'two'],
  ],
  body: Buffer.from('{"event":"EXTRACTION_COMPLETED"}'),
  ...changes,
});

const attempt = (changes: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  trigger: 'initial',
  startedAt: T0 + 5,
  durationMs: 12.5,
  outcome: 'delivered',
  statusCode: 200,
  error: null,
  response: { headers: [['Server', 'x']], body: 'ok', truncated: false },
  ...changes,
});

const DEAD: Outcome = { kind: 'dead', reason: 'budget_used' };
const failedAttempt = attempt({ outcome: 'dead', statusCode: 500, error: { code: 'target_status', message: 'answered 500' } });

async function everyPage<T>(read: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Page<T> = await read({ cursor, limit });
    expect(page.data.length).toBeLessThanOrEqual(limit);
    all.push(...page.data);
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}

const FIRST: PageRequest = { cursor: null, limit: 100 };

/** What any implementation of History, Operations and the work of tasks must do, together. */
export function historyContract(name: string, make: (setup: HistorySetup) => Promise<HistoryHarness>): void {
  describe(`history of ${name}`, () => {
    let store: HistoryHarness;
    beforeEach(async () => {
      store = await make({ targetsOf: () => ['app'] });
    });
    afterEach(() => store.close());

    const deliveriesOf = async (eventId: string): Promise<DeliveryView[]> => {
      const found = await store.history.event(eventId);
      if (found.kind !== 'found') throw new Error(`no event ${eventId}: ${found.kind}`);
      return found.value.deliveries;
    };
    const onlyDelivery = async (eventId: string): Promise<DeliveryView> => {
      const [delivery, ...more] = await deliveriesOf(eventId);
      if (delivery === undefined || more.length > 0) throw new Error('expected one delivery');
      return delivery;
    };
    const added = async (changes: Partial<NewEvent> = {}, target = 'app'): Promise<DeliveryView> =>
      onlyDelivery(await store.append(newEvent(changes), [target]));
    const dead = async (changes: Partial<NewEvent> = {}, target = 'app'): Promise<DeliveryView> => {
      const delivery = await added(changes, target);
      await store.settle(delivery.id, failedAttempt, DEAD);
      return delivery;
    };
    const statusOf = async (id: string): Promise<string> => {
      const found = await store.history.delivery(id);
      return found.kind === 'found' ? found.value.status : found.kind;
    };
    const ids = (page: { data: { id: string }[] }): string[] => page.data.map((item) => item.id);

    describe('deletions', () => {
      it('ends what is not done, and keeps nothing of the event', async () => {
        const id = await store.append(newEvent(), ['app', 'audit']);
        const [app, audit] = (await deliveriesOf(id)) as [DeliveryView, DeliveryView];
        await store.settle(app.id, attempt(), { kind: 'delivered' });
        const deleted = await store.deletions.event(id);
        expect(deleted).toEqual({ kind: 'found', value: { deleted: 1, cancelled: 1, rejections: 0, erased: true } });
        for (const read of [store.history.event(id), store.history.body(id), store.operations.replayEvent(id, ['app'])])
          expect(await read).toEqual({ kind: 'gone' });
        const shown = async (delivery: string) => (await store.history.delivery(delivery)) as { kind: 'found' };
        expect(await shown(app.id)).toMatchObject({ value: { status: 'delivered', lastAttempt: null, history: [] } });
        expect(await shown(audit.id)).toMatchObject({ value: { status: 'cancelled', reason: 'event_deleted' } });
        expect(await store.history.events({}, FIRST)).toEqual({ data: [], nextCursor: null });
        expect(await store.deletions.event(id)).toEqual({ kind: 'gone' });
        expect(await store.deletions.event('evt_000000000000000000')).toEqual({ kind: 'missing' });
      });

      it('takes what waits for a person with it', async () => {
        const letter = await dead();
        const held = await added({ receivedAt: T0 + 1 });
        await store.hold(held.id, 'target_removed');
        for (const { eventId } of [letter, held]) await store.deletions.event(eventId);
        expect([await statusOf(letter.id), await statusOf(held.id)]).toEqual(['cancelled', 'cancelled']);
        expect(await store.operations.retry(letter.id)).toMatchObject({ kind: 'refused', code: 'wrong_status' });
      });

      it('deletes what a filter matches, after showing it', async () => {
        const letters = [await dead(), await dead()];
        const other = await added();
        const { matched, sample } = await store.deletions.preview({ status: 'dead' });
        expect([matched, sample.map(({ id }) => id).toSorted()]).toEqual([2, letters.map(({ eventId }) => eventId).toSorted()]);
        expect(await store.deletions.matching({ status: 'dead' })).toMatchObject({ deleted: 2, cancelled: 2 });
        expect(await store.deletions.matching({ status: 'dead' })).toMatchObject({ deleted: 0, cancelled: 0 });
        expect(ids(await store.history.events({}, FIRST))).toEqual([other.eventId]);
      });
    });

    describe('events', () => {
      it('shows an event as it was accepted', async () => {
        const event = newEvent({ dedup: { key: 'msg_1', windowMs: 60_000 } });
        const id = await store.append(event, ['app', 'audit']);
        const found = await store.history.event(id);
        if (found.kind !== 'found') throw new Error(found.kind);
        const { deliveries, ...shown } = found.value;
        const { dedup: _dedup, body, ...same } = event;
        const sha256 = createHash('sha256').update(body).digest('hex');
        expect(shown).toEqual({
          ...same,
          id,
          dedupKey: 'msg_1',
          size: body.length,
          sha256,
          bodyGone: false,
          duplicates: 0,
          conflicts: 0,
        });
        expect(deliveries.map((delivery) => delivery.target).toSorted()).toEqual(['app', 'audit']);
        expect(deliveries[0]).toMatchObject({
          ...{ eventId: id, route: 'knowledgesdk', status: 'pending', reason: null, attempts: 0, budgetStart: 0 },
          ...{ finishedAt: null, lastAttempt: null, nextAttemptAt: expect.any(Number), createdAt: expect.any(Number) },
        });
      });

      it('gives the body back byte for byte', async () => {
        const body = Buffer.from([0, 255, 254, 10, 13, 0, 128]);
        const id = await store.append(newEvent({ body, contentType: 'application/octet-stream' }), ['app']);
        const found = await store.history.body(id);
        if (found.kind !== 'found') throw new Error(found.kind);
        expect(found.value.contentType).toBe('application/octet-stream');
        expect(Buffer.compare(found.value.body, body)).toBe(0);
      });

      it('gives back an empty body', async () => {
        const id = await store.append(newEvent({ body: Buffer.alloc(0), contentType: null }), ['app']);
        expect(await store.history.body(id)).toMatchObject({ kind: 'found', value: { contentType: null } });
      });

      it('does not know ids that it never gave', async () => {
        const id = await store.append(newEvent(), ['app']);
        for (const unknown of ['', 'evt_', 'evt_nonsense', 'dlv_1', `${id}0`, "' OR 1=1 --", `${id.slice(0, -1)}z`, '../x']) {
          expect(await store.history.event(unknown)).toEqual({ kind: 'missing' });
          expect(await store.history.body(unknown)).toEqual({ kind: 'missing' });
          expect(await store.history.delivery(unknown)).toEqual({ kind: 'missing' });
          expect(await store.history.task(unknown)).toEqual({ kind: 'missing' });
          expect(await store.operations.replayEvent(unknown, null)).toEqual({ kind: 'missing' });
          expect(await store.operations.retry(unknown)).toEqual({ kind: 'missing' });
          expect(await store.operations.cancelTask(unknown)).toEqual({ kind: 'missing' });
        }
      });

      it('says that an event is gone once its retention has ended', async () => {
        const id = await store.append(newEvent({ dedup: { key: 'msg_1', windowMs: 1e9 } }), ['app']);
        await store.settle((await onlyDelivery(id)).id, attempt(), { kind: 'delivered' });
        await store.expire(id);
        expect(await store.history.event(id)).toEqual({ kind: 'gone' });
        expect(await store.history.body(id)).toEqual({ kind: 'gone' });
        expect(await store.operations.replayEvent(id, null)).toEqual({ kind: 'gone' });
      });

      it('are found by what their bodies hold, newest first', async () => {
        const bodies = [
          '{"a":{"b":[1,{"c":"x"}]}}',
          '{"a":{"b":[2]}}',
          'plain needle text',
          '{"deep":{"a":{"b":[{"c":"x","d":1}]}}}',
        ];
        const ids: string[] = [];
        for (const body of bodies) ids.push(await store.append(newEvent({ body: Buffer.from(body) }), ['app']));
        const search = async (body: string, filter = {}): Promise<string[]> => {
          const found: string[] = [];
          let cursor: string | null = null;
          do {
            const step = await store.history.search({ filter, body, cursor });
            found.push(...step.found.map(({ id }) => id));
            cursor = step.nextCursor;
          } while (cursor !== null);
          return found;
        };
        expect(await search('needle')).toEqual([ids[2]]);
        expect(await search('{"a":{"b":[{"c":"x"}]}}')).toEqual([ids[3], ids[0]]);
        expect(await search('{"b":[2]}')).toEqual([ids[1]]);
        expect(await search('{"b":[3]}')).toEqual([]);
        expect(await search('{"c":"x"}', { route: 'nowhere' })).toEqual([]);
        expect(await search('"c":"x"')).toEqual([ids[3], ids[0]]);
      });

      it('are fed in the order in which they were stored, each once, whatever the page', async () => {
        const ids = [await store.append(newEvent(), ['app']), await store.append(newEvent({ route: 'other' }), ['app'])];
        const seen: string[] = [];
        const filter = {};
        let feed = await store.history.feed({ start: { kind: 'from', time: 0 }, filter, limit: 1, withContent: false });
        seen.push(...feed.events.map(({ id }) => id));
        while (feed.more) {
          const start = { kind: 'after', eventId: feed.position } as const;
          feed = await store.history.feed({ start, filter, limit: 1, withContent: false });
          seen.push(...feed.events.map(({ id }) => id));
        }
        expect(seen).toEqual(ids);
        const later = await store.append(newEvent(), ['app']);
        const start = { kind: 'after', eventId: feed.position } as const;
        const next = await store.history.feed({ start, filter, limit: 10, withContent: true });
        expect(next.events.map(({ id }) => id)).toEqual([later]);
        expect(next.events[0]?.deliveries).toMatchObject([{ target: 'app', status: 'pending' }]);
        expect(Buffer.from(next.events[0]?.content?.body ?? []).toString()).toBe('{"event":"EXTRACTION_COMPLETED"}');
        expect(next.events[0]?.content?.headers).toEqual(newEvent().headers);
      });

      it('are fed from now on, also when there was none before', async () => {
        const now = await store.history.feed({ start: { kind: 'now' }, filter: {}, limit: 10, withContent: false });
        expect(now).toMatchObject({ events: [], more: false });
        const id = await store.append(newEvent(), ['app']);
        const start = { kind: 'after', eventId: now.position } as const;
        const next = await store.history.feed({ start, filter: {}, limit: 10, withContent: false });
        expect(next.events.map((event) => event.id)).toEqual([id]);
      });

      it('are fed by a filter, and the position goes on past what does not match', async () => {
        await store.append(newEvent(), ['app']);
        const wanted = await store.append(newEvent({ type: 'OTHER', receivedAt: T0 + 5 }), ['app']);
        const last = await store.append(newEvent({ receivedAt: T0 + 9 }), ['app']);
        const start = { kind: 'from', time: T0 + 1 } as const;
        const feed = await store.history.feed({ start, filter: { type: 'OTHER' }, limit: 10, withContent: false });
        expect(feed.events.map(({ id }) => id)).toEqual([wanted]);
        expect(feed.position).toBe(last);
      });

      it('are fed by time when the position belongs to another database', async () => {
        const first = await store.append(newEvent(), ['app']);
        const second = await store.append(newEvent({ receivedAt: T0 + 60_000 }), ['app']);
        const elsewhere = formatId('evt', T0 + 30_000, parseId('evt', second)?.sequence ?? 0);
        const start = { kind: 'after', eventId: elsewhere } as const;
        const feed = await store.history.feed({ start, filter: {}, limit: 10, withContent: false });
        expect(feed.events.map(({ id }) => id)).toEqual([second]);
        expect(first < second).toBe(true);
      });

      it('lists them newest first, with the statuses of their deliveries', async () => {
        const first = await store.append(newEvent(), ['app', 'audit']);
        const second = await store.append(newEvent({ receivedAt: T0 - 1000 }), ['app']);
        await store.settle((await onlyDelivery(second)).id, attempt(), { kind: 'delivered' });
        const page = await store.history.events({}, FIRST);
        expect(ids(page)).toEqual([second, first]);
        expect(page.data.map((event) => event.statuses)).toEqual([{ delivered: 1 }, { pending: 2 }]);
        expect(page.nextCursor).toBeNull();
        expect(page.data[0]).not.toHaveProperty('headers');
      });

      it('filters', async () => {
        const plain = await store.append(newEvent(), ['app']);
        const other = await store.append(
          newEvent({ route: 'stripe', type: 'charge.paid', receivedAt: T0 + 10, dedup: { key: 'key%_1', windowMs: 1 } }),
          ['app'],
        );
        await store.settle((await onlyDelivery(other)).id, failedAttempt, DEAD);
        const listed = async (filter: Parameters<History['events']>[0]) => ids(await store.history.events(filter, FIRST));
        expect(await listed({ route: 'stripe' })).toEqual([other]);
        expect(await listed({ type: 'EXTRACTION_COMPLETED' })).toEqual([plain]);
        expect(await listed({ status: 'dead' })).toEqual([other]);
        expect(await listed({ status: 'held' })).toEqual([]);
        expect(await listed({ from: T0 + 10 })).toEqual([other]);
        expect(await listed({ to: T0 + 10 })).toEqual([plain]);
        expect(await listed({ q: 'key%_1' })).toEqual([other]);
        expect(await listed({ q: 'keyXX1' })).toEqual([]);
        expect(await listed({ q: plain })).toEqual([plain]);
        expect(await listed({ q: 'charge' })).toEqual([other]);
        expect(await listed({ route: 'stripe', type: 'EXTRACTION_COMPLETED' })).toEqual([]);
      });

      it('pages without skip or repeat while others append', async () => {
        const before: string[] = [];
        for (let i = 0; i < 25; i += 1) before.push(await store.append(newEvent({ receivedAt: T0 + (i % 3) }), ['app']));
        const seen = await everyPage(async (page) => {
          const answer = await store.history.events({}, page);
          await store.append(newEvent({ receivedAt: T0 - 5 }), ['app']);
          return answer;
        }, 4);
        expect(seen.map((event) => event.id)).toEqual(before.toReversed());
      });

      it('refuses a cursor that it did not give', async () => {
        for (const cursor of ['nonsense', '-1', '{}', "1' OR '1"]) {
          await expect(store.history.events({}, { cursor, limit: 1 })).rejects.toMatchObject({ code: 'bad_cursor', status: 400 });
        }
      });
    });

    describe('deliveries', () => {
      it('shows every attempt', async () => {
        const delivery = await added();
        await store.settle(delivery.id, failedAttempt, DEAD);
        await store.operations.retry(delivery.id);
        const second = attempt({ number: 2, trigger: 'manual', startedAt: T0 + 99 });
        await store.settle(delivery.id, second, { kind: 'delivered' });
        const found = await store.history.delivery(delivery.id);
        if (found.kind !== 'found') throw new Error(found.kind);
        expect(found.value).toMatchObject({ status: 'delivered', attempts: 2, budgetStart: 1, nextAttemptAt: null });
        expect(found.value.finishedAt).toEqual(expect.any(Number));
        expect(found.value.history).toEqual([failedAttempt, second]);
        expect(found.value.lastAttempt).toEqual(second);
      });

      it('shows the attempt of a delivery that succeeded at once', async () => {
        const delivery = await added();
        await store.settle(delivery.id, attempt(), { kind: 'delivered' });
        const found = await store.history.delivery(delivery.id);
        expect(found).toMatchObject({
          value: { status: 'delivered', attempts: 1, history: [attempt()], lastAttempt: attempt() },
        });
      });

      it('filters', async () => {
        const pending = await added();
        const audit = await added({ route: 'stripe', type: 'charge.paid' }, 'audit');
        const lost = await dead();
        const listed = async (filter: DeliveryFilter) => ids(await store.history.deliveries(filter, FIRST));
        expect(await listed({})).toEqual([lost.id, audit.id, pending.id]);
        expect(await listed({ status: 'dead' })).toEqual([lost.id]);
        expect(await listed({ target: 'audit' })).toEqual([audit.id]);
        expect(await listed({ route: 'stripe' })).toEqual([audit.id]);
        expect(await listed({ type: 'charge.paid' })).toEqual([audit.id]);
        expect(await listed({ eventId: pending.eventId })).toEqual([pending.id]);
        expect(await listed({ eventIds: [pending.eventId, lost.eventId, 'evt_nonsense'] })).toEqual([lost.id, pending.id]);
        expect(await listed({ deliveryIds: [audit.id, 'dlv_nonsense'] })).toEqual([audit.id]);
        expect(await listed({ deliveryIds: [] })).toEqual([]);
        expect(await listed({ from: audit.createdAt, to: audit.createdAt })).toEqual([]);
        expect(await listed({ target: 'app', status: 'pending' })).toEqual([pending.id]);
      });

      it('pages a filtered list without skip or repeat', async () => {
        const expected: string[] = [];
        for (let i = 0; i < 12; i += 1) {
          expected.push((await added()).id);
          await added({}, 'audit');
        }
        const seen = await everyPage(async (page) => {
          const answer = await store.history.deliveries({ target: 'app' }, page);
          await added();
          return answer;
        }, 5);
        expect(seen.map((delivery) => delivery.id)).toEqual(expected.toReversed());
      });

      it('counts per target', async () => {
        await added();
        await dead();
        await dead();
        await store.hold((await added({}, 'audit')).id, 'target_removed');
        const counts = new Map((await store.history.targetCounts()).map((entry) => [entry.target, entry]));
        expect(counts.get('app')).toMatchObject({ counts: { pending: 1, dead: 2 }, oldestDueAt: expect.any(Number) });
        expect(counts.get('audit')).toMatchObject({ counts: { held: 1 }, oldestDueAt: null });
      });
    });

    describe('what was done', () => {
      it('is listed newest first, by pages', async () => {
        const entry = (at: number, subject: string | null): NewAuditEntry => ({
          ...{ at, actor: 'ana', peer: '127.0.0.1', action: 'POST /api/v1/targets/{name}/pause', subject, status: 200 },
          detail: '{"reason":"deploy"}',
        });
        const done = [entry(T0, 'app'), entry(T0 + 1, null), entry(T0 + 1, 'audit')];
        for (const each of done) await store.did(each);
        await expect.poll(async () => (await store.history.audit(FIRST)).data.length).toBe(3);
        const all = await everyPage((page) => store.history.audit(page), 2);
        expect(all.map(({ id: _id, ...rest }) => rest)).toEqual(done.toReversed());
        expect(new Set(all.map(({ id }) => id)).size).toBe(3);
      });
    });

    describe('rejections', () => {
      it('lists them newest first, by route and reason', async () => {
        const rejection = (route: string | null, reason: string): NewRejection => ({
          ...{ route, at: T0, reason, explanation: 'why', peer: '203.0.113.7', status: 401, bodyStart: '{"a"' },
          headers: [['X', 'y']],
        });
        await store.reject(rejection('knowledgesdk', 'verification_failed'));
        await store.reject(rejection(null, 'unknown_path'));
        const page = await store.history.rejections({}, FIRST);
        expect(page.data.map((entry) => entry.reason)).toEqual(['unknown_path', 'verification_failed']);
        expect(page.data[1]).toEqual({ ...rejection('knowledgesdk', 'verification_failed'), id: expect.stringMatching(/^rej_/) });
        const ofRoute = await store.history.rejections({ route: 'knowledgesdk' }, FIRST);
        expect(ofRoute.data.map((entry) => entry.reason)).toEqual(['verification_failed']);
        const found = async (filter: RejectionFilter): Promise<string[]> =>
          (await store.history.rejections(filter, FIRST)).data.map((entry) => entry.reason);
        expect(await found({ reason: 'unknown_path' })).toEqual(['unknown_path']);
        expect(await found({ route: 'knowledgesdk', reason: 'unknown_path' })).toEqual([]);
        expect(await found({ route: 'knowledgesdk', reason: 'verification_failed' })).toEqual(['verification_failed']);
      });
    });

    describe('operators', () => {
      it('retry a dead letter: the same delivery, due now, with a fresh budget', async () => {
        const delivery = await dead();
        const result = await store.operations.retry(delivery.id);
        expect(result).toMatchObject({
          kind: 'done',
          delivery: { id: delivery.id, status: 'pending', reason: null, attempts: 1, budgetStart: 1, finishedAt: null },
        });
        expect(result).toMatchObject({ delivery: { nextAttemptAt: expect.any(Number), lastAttempt: failedAttempt } });
      });

      it('are refused a retry while an attempt runs, and it goes on', async () => {
        const delivery = await added();
        await store.lease(delivery.id);
        expect(await store.operations.retry(delivery.id)).toEqual({
          ...{ kind: 'refused', code: 'attempt_running', status: 'pending' },
        });
        expect(await statusOf(delivery.id)).toBe('pending');
      });

      it('cancel what is pending', async () => {
        const delivery = await added();
        expect(await store.operations.cancel(delivery.id)).toMatchObject({
          ...{ kind: 'done', delivery: { status: 'cancelled', nextAttemptAt: null, finishedAt: expect.any(Number) } },
        });
        expect(await statusOf(delivery.id)).toBe('cancelled');
      });

      it('cancel what is being attempted', async () => {
        const delivery = await added();
        await store.lease(delivery.id);
        expect(await store.operations.cancel(delivery.id)).toMatchObject({ kind: 'done', delivery: { status: 'cancelled' } });
      });

      it('release and discard what is held', async () => {
        const first = await added();
        const second = await added();
        for (const { id } of [first, second]) await store.hold(id, 'target_removed');
        expect(await store.history.delivery(first.id)).toMatchObject({ value: { status: 'held', reason: 'target_removed' } });
        expect(await store.operations.release(first.id)).toMatchObject({ kind: 'done', delivery: { status: 'pending' } });
        expect(await store.operations.discard(second.id)).toMatchObject({ kind: 'done', delivery: { status: 'cancelled' } });
      });

      it('release and discard what was held from the start', async () => {
        const reason = 'schema_invalid: /a must be string';
        const id = await store.quarantine(newEvent(), ['app', 'audit'], reason);
        const event = await store.history.event(id);
        const [first, second] = event.kind === 'found' ? event.value.deliveries : [];
        const held = { status: 'held', reason, attempts: 0, nextAttemptAt: null, finishedAt: null };
        expect([first, second]).toMatchObject([held, held]);
        expect(await store.history.targetCounts()).toMatchObject([{ counts: { held: 1 } }, { counts: { held: 1 } }]);
        const released = await store.operations.release(first?.id ?? '');
        expect(released).toMatchObject({ kind: 'done', delivery: { status: 'pending', reason: null } });
        await store.settle(first?.id ?? '', attempt(), { kind: 'delivered' });
        const discarded = await store.operations.discard(second?.id ?? '');
        expect(discarded).toMatchObject({ kind: 'done', delivery: { status: 'cancelled', reason: 'discarded' } });
      });

      it('discard a dead letter', async () => {
        const delivery = await dead();
        expect(await store.operations.discard(delivery.id)).toMatchObject({ kind: 'done', delivery: { status: 'cancelled' } });
      });

      it('are refused what the status does not allow', async () => {
        const delivered = await added();
        await store.settle(delivered.id, attempt(), { kind: 'delivered' });
        const wrong = (status: string) => ({ kind: 'refused', code: 'wrong_status', status });
        for (const action of ['retry', 'cancel', 'discard', 'release'] as const) {
          expect(await store.operations[action](delivered.id)).toEqual(wrong('delivered'));
        }
        const lost = await dead();
        expect(await store.operations.cancel(lost.id)).toEqual(wrong('dead'));
        expect(await store.operations.release(lost.id)).toEqual(wrong('dead'));
        const pending = await added();
        expect(await store.operations.discard(pending.id)).toEqual(wrong('pending'));
        expect(await statusOf(lost.id)).toBe('dead');
      });

      it("replay an event to the route's present targets, or to those named", async () => {
        const eventId = await store.append(newEvent(), ['audit']);
        const replayed = await store.operations.replayEvent(eventId, null);
        expect(replayed).toMatchObject({ kind: 'found', value: [{ eventId, target: 'app', status: 'pending', attempts: 0 }] });
        const again = await store.operations.replayEvent(eventId, ['app', 'audit']);
        expect(again.kind === 'found' && again.value.map((delivery) => delivery.target).toSorted()).toEqual(['app', 'audit']);
        const all = await deliveriesOf(eventId);
        expect(all).toHaveLength(4);
        expect(new Set(all.map((delivery) => delivery.id)).size).toBe(4);
      });
    });

    describe('bulk replay', () => {
      const start = (filter: DeliveryFilter, targets: readonly string[] | null = null) =>
        store.operations.startReplay({ filter, targets, ratePerSecond: null });
      const carryOut = async (taskId: string, limit: number): Promise<{ done: number; failed: number; steps: number }> => {
        await store.work.materialise(taskId);
        const sum = { done: 0, failed: 0, steps: 0 };
        for (let finished = false; !finished; ) {
          const step = await store.work.step(taskId, limit);
          sum.done += step.done;
          sum.failed += step.failed;
          sum.steps += 1;
          finished = step.finished;
          if (sum.steps > 100) throw new Error('the task does not end');
        }
        return sum;
      };

      it('touches what the dry run said, and each once', async () => {
        const lost: string[] = [];
        for (let i = 0; i < 7; i += 1) lost.push((await dead()).id);
        await dead({}, 'audit');
        const filter: DeliveryFilter = { status: 'dead', target: 'app' };
        const preview = await store.history.matchReplay(filter, false);
        expect(preview.matched).toBe(7);
        expect(preview.sample.length).toBeGreaterThan(0);
        for (const { id } of preview.sample) expect(lost).toContain(id);

        const task = await start(filter);
        expect(task).toMatchObject({ kind: 'replay', status: 'pending', done: 0, failed: 0, finishedAt: null });
        expect(await store.work.open()).toEqual([{ kind: 'replay', id: task.id, ratePerSecond: null }]);
        const sum = await carryOut(task.id, 3);
        expect(sum).toMatchObject({ done: 7, failed: 0 });
        expect(sum.steps).toBeGreaterThanOrEqual(3);
        for (const id of lost)
          expect(await store.history.delivery(id)).toMatchObject({ value: { status: 'pending', budgetStart: 1 } });
        expect(await store.history.task(task.id)).toMatchObject({
          ...{ kind: 'found', value: { status: 'completed', matched: 7, done: 7, failed: 0, finishedAt: expect.any(Number) } },
        });
        expect((await store.history.deliveries({ status: 'dead' }, FIRST)).data.map(({ target }) => target)).toEqual(['audit']);
        expect(await store.work.open()).toEqual([]);
      });

      it('of dead letters doubles nothing when it is done twice', async () => {
        await dead();
        await carryOut((await start({ status: 'dead' })).id, 10);
        expect((await store.history.matchReplay({ status: 'dead' }, false)).matched).toBe(0);
        expect(await carryOut((await start({ status: 'dead' })).id, 10)).toMatchObject({ done: 0, failed: 0 });
        expect((await store.history.deliveries({}, FIRST)).data).toHaveLength(1);
      });

      it('doubles nothing when another task has done it meanwhile', async () => {
        const delivery = await dead();
        const [one, other] = [await start({ status: 'dead' }), await start({ status: 'dead' })];
        for (const { id } of [one, other]) await store.work.materialise(id);
        await carryOut(one.id, 10);
        await store.settle(delivery.id, attempt({ number: 2 }), { kind: 'delivered' });
        expect(await carryOut(other.id, 10)).toMatchObject({ done: 1, failed: 0 });
        expect((await deliveriesOf(delivery.eventId)).map(({ status }) => status)).toEqual(['delivered']);
      });

      it('sends an event once to a named target, however many deliveries of it match', async () => {
        const event = await store.append(newEvent(), ['app', 'audit']);
        for (const { id } of await deliveriesOf(event)) await store.settle(id, attempt(), { kind: 'delivered' });
        expect((await store.history.matchReplay({ route: 'knowledgesdk' }, true)).matched).toBe(1);
        expect(await carryOut((await start({ route: 'knowledgesdk' }, ['third'])).id, 10)).toMatchObject({ done: 1 });
        expect((await deliveriesOf(event)).filter(({ target }) => target === 'third')).toHaveLength(1);
      });

      it('gives what was delivered a new delivery', async () => {
        const delivery = await added();
        await store.settle(delivery.id, attempt(), { kind: 'delivered' });
        await carryOut((await start({ status: 'delivered' })).id, 10);
        const all = await deliveriesOf(delivery.eventId);
        expect(all.map(({ status, target }) => `${status} ${target}`).toSorted()).toEqual(['delivered app', 'pending app']);
      });

      it('leaves a dead letter alone when other targets are named', async () => {
        const delivery = await dead();
        await carryOut((await start({ status: 'dead' }, ['audit'])).id, 10);
        const all = await deliveriesOf(delivery.eventId);
        expect(all.map(({ status, target }) => `${status} ${target}`).toSorted()).toEqual(['dead app', 'pending audit']);
      });

      it('keeps the set that it began with', async () => {
        await dead();
        const task = await start({ status: 'dead' });
        await store.work.materialise(task.id);
        const later = await dead();
        await store.work.materialise(task.id);
        expect(await carryOut(task.id, 10)).toMatchObject({ done: 1 });
        expect(await statusOf(later.id)).toBe('dead');
      });

      it('goes by the ids that it was given', async () => {
        const [one, other] = [await dead(), await dead()];
        await carryOut((await start({ deliveryIds: [one.id] })).id, 10);
        expect([await statusOf(one.id), await statusOf(other.id)]).toEqual(['pending', 'dead']);
      });

      it('stops when it is cancelled, and keeps what it has done', async () => {
        for (let i = 0; i < 4; i += 1) await dead();
        const task = await start({ status: 'dead' });
        await store.work.materialise(task.id);
        await store.work.step(task.id, 1);
        expect(await store.operations.cancelTask(task.id)).toMatchObject({
          kind: 'found',
          value: { status: 'cancelled', done: 1 },
        });
        expect(await store.work.step(task.id, 10)).toMatchObject({ done: 0, failed: 0, finished: true });
        expect((await store.history.matchReplay({ status: 'dead' }, false)).matched).toBe(3);
        expect(await store.work.open()).toEqual([]);
      });

      it('stays what it was when it is cancelled after its end', async () => {
        const task = await start({ status: 'dead' });
        await carryOut(task.id, 10);
        expect(await store.operations.cancelTask(task.id)).toMatchObject({ kind: 'found', value: { status: 'completed' } });
      });

      it('is listed newest first, open ones oldest first', async () => {
        const first = await start({ status: 'dead' });
        const second = await store.operations.startReplay({ filter: { status: 'dead' }, targets: null, ratePerSecond: 2.5 });
        expect(ids(await store.history.tasks(FIRST))).toEqual([second.id, first.id]);
        expect(await store.work.open()).toEqual([
          { kind: 'replay', id: first.id, ratePerSecond: null },
          { kind: 'replay', id: second.id, ratePerSecond: 2.5 },
        ]);
        const seen = await everyPage((page) => store.history.tasks(page), 1);
        expect(seen.map((task) => task.id)).toEqual([second.id, first.id]);
      });
    });

    describe('tasks', () => {
      it('are of their kind, and say who is told of their end', async () => {
        const callbackUrl = 'https://app.example.com/done?secret=1';
        const started = await store.operations.startExport({ filter: { status: 'dead' } }, { callbackUrl });
        expect(started).toMatchObject({ kind: 'export', status: 'pending', bytes: 0, dropped: false, error: null });
        expect(started.callback).toEqual({ url: callbackUrl, state: 'waiting' });
        expect(await store.work.open()).toEqual([{ kind: 'export', id: started.id }]);
        expect((await store.history.tasks(FIRST)).data).toEqual([started]);
        expect(await store.operations.cancelTask(started.id)).toMatchObject({ value: { status: 'cancelled' } });
        expect(await store.work.open()).toEqual([]);
      });
    });

    describe('a request with an idempotency key', () => {
      const mark = (changes: Partial<IdempotencyMark> = {}): IdempotencyMark => ({
        ...{ scope: 'POST /api/v1/replays', key: 'k1', bodySha256: 'aa', ...changes },
      });
      const start = (once: IdempotencyMark) => store.operations.startExport({ filter: {} }, { once });

      it('makes one task', async () => {
        expect(await store.history.remembered('POST /api/v1/replays', 'k1', 0)).toBeNull();
        const first = await start(mark());
        expect((await start(mark())).id).toBe(first.id);
        expect((await store.history.tasks(FIRST)).data).toHaveLength(1);
        const known = { bodySha256: 'aa', answer: { kind: 'task', id: first.id } };
        expect(await store.history.remembered('POST /api/v1/replays', 'k1', first.createdAt)).toEqual(known);
        expect(await store.history.remembered('POST /api/v1/exports', 'k1', first.createdAt)).toBeNull();
        expect((await start(mark({ scope: 'POST /api/v1/exports' }))).id).not.toBe(first.id);
        expect((await start(mark({ key: 'k2' }))).id).not.toBe(first.id);
      });

      it('is refused when it is another one', async () => {
        await start(mark());
        await expect(start(mark({ bodySha256: 'bb' }))).rejects.toMatchObject({ code: 'idempotency_mismatch', status: 422 });
        expect((await store.history.tasks(FIRST)).data).toHaveLength(1);
      });

      it('is forgotten after a day', async () => {
        const { createdAt } = await start(mark());
        const known = (at: number) => store.history.remembered('POST /api/v1/replays', 'k1', at);
        expect(await known(createdAt + 86_399_999)).not.toBeNull();
        expect(await known(createdAt + 86_400_000)).toBeNull();
      });

      it('delivers an event again once', async () => {
        const { eventId } = await added();
        const first = await store.operations.replayEvent(eventId, null, mark());
        expect(await store.operations.replayEvent(eventId, null, mark())).toEqual(first);
        expect(await deliveriesOf(eventId)).toHaveLength(2);
        const deliveries = first.kind === 'found' ? first.value : [];
        const known = await store.history.remembered('POST /api/v1/replays', 'k1', deliveries[0]?.createdAt ?? 0);
        expect(known).toEqual({ bodySha256: 'aa', answer: { kind: 'deliveries', deliveries } });
      });

      it('is not remembered when it was refused', async () => {
        expect(await store.operations.replayEvent('evt_0000000000000000000z', ['app'], mark())).toEqual({ kind: 'missing' });
        expect(await store.history.remembered('POST /api/v1/replays', 'k1', 0)).toBeNull();
      });
    });
  });
}
