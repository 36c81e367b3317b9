import { describe, expect, it } from 'vitest';
import type { Attempt, Delivery, ListedEvent } from '../../src/dashboard/api/types.ts';
import { groupedDead } from '../../src/dashboard/dead-groups.ts';
import { discardAll } from '../../src/dashboard/discarding.ts';
import { addressOf, conditionsOf, filterOf, isOpenEnded } from '../../src/dashboard/events-filter.ts';
import {
  countsOf,
  listOf,
  MOST_LIVE,
  MOST_WAITING,
  olderThan,
  takenOver,
  withArrived,
  withNewest,
  withOlder,
  withStatuses,
} from '../../src/dashboard/events-list.ts';
import { isForPage } from '../../src/dashboard/keys.ts';
import { SPARE_ROWS, visibleRows } from '../../src/dashboard/visible-rows.ts';

const idOf = (number: number): string => `evt_${String(number).padStart(6, '0')}`;
const event = (number: number, statuses = {}): ListedEvent => ({
  ...{ id: idOf(number), route: 'r', type: null, dedupKey: null, method: 'POST', path: '/', query: '', peer: '' },
  ...{
    receivedAt: new Date(number * 1_000).toISOString(),
    contentType: null,
    size: 0,
    sha256: '',
    bodyGone: false,
    duplicates: 0,
    conflicts: 0,
  },
  statuses,
});
const page = (numbers: number[], nextCursor: string | null = null) => ({ data: numbers.map((n) => event(n)), nextCursor });
const ids = (events: readonly ListedEvent[]) => events.map(({ id }) => Number(id.slice(4)));

describe('a list that grows while it is read', () => {
  it('updates rows in place and keeps new ones back until they are wanted', () => {
    const list = withArrived(listOf(page([3, 2])), [event(2), event(5), event(3, { dead: 1 }), event(4)]);
    expect([ids(list.shown), ids(list.waiting), list.hasGap]).toEqual([[3, 2], [5, 4], false]);
    expect(list.shown[0]?.statuses).toEqual({ dead: 1 });
    const again = withArrived(list, [event(4, { delivered: 1 })]);
    expect([ids(again.waiting), again.waiting[1]?.statuses]).toEqual([[5, 4], { delivered: 1 }]);
    expect(ids(takenOver(again).shown)).toEqual([5, 4, 3, 2]);
  });

  it('keeps only so much of what nobody has wanted, and says so', () => {
    const many = Array.from({ length: MOST_WAITING + 1 }, (_, n) => event(n + 10));
    const list = withArrived(listOf(page([1])), many);
    expect([list.waiting.length, list.hasGap, ids(list.waiting)[0]]).toEqual([MOST_WAITING, true, MOST_WAITING + 10]);
  });

  it('lets go of the oldest rows while it runs by itself, and finds them again by their time', () => {
    const shown = Array.from({ length: MOST_LIVE }, (_, n) => MOST_LIVE + 100 - n);
    const list = takenOver(withArrived(listOf(page(shown, 'cursor')), [event(MOST_LIVE + 101)]));
    expect([list.shown.length, ids(list.shown)[0], ids(list.shown).at(-1)]).toEqual([MOST_LIVE, MOST_LIVE + 101, 102]);
    expect(olderThan(list)).toEqual({ to: '1970-01-01T00:01:42.001Z' });
    const longer = withOlder(list, page([102, 101, 100], null));
    expect([ids(longer.shown).slice(-3), longer.hasOlder]).toEqual([[102, 101, 100], false]);
  });

  it('goes on with the cursor of the last page', () => {
    const long = withOlder(listOf(page([6, 5], 'c5')), page([4, 3], 'c3'));
    expect([ids(long.shown), olderThan(long)]).toEqual([[6, 5, 4, 3], { cursor: 'c3' }]);
  });

  it('lets rows go that no longer match, but not under the eyes of a reader', () => {
    const long = withOlder(listOf(page([6, 5], 'c5')), page([4, 3], 'c3'));
    expect(ids(withNewest(long, page([6, 4], 'c4'), false).shown)).toEqual([6, 4, 3]);
    expect(ids(withNewest(long, page([6, 4], 'c4'), true).shown)).toEqual([6, 5, 4, 3]);
    const far = withNewest(long, page([9, 8], 'c8'), true);
    expect([ids(far.shown), ids(far.waiting), far.hasGap]).toEqual([[6, 5, 4, 3], [9, 8], true]);
  });

  it('learns from news what became of deliveries, and asks where it cannot know', () => {
    const streamed: ListedEvent = { ...event(4, { pending: 2 }), known: { d1: 'pending', d2: 'pending' } };
    const list = withArrived(listOf({ data: [event(3, { pending: 1 }), event(2, { pending: 2 })], nextCursor: null }), [
      streamed,
    ]);
    const news = [
      { id: 'd1', eventId: idOf(4), status: 'delivered' },
      { id: 'd2', eventId: idOf(4), status: 'dead' },
      { id: 'd3', eventId: idOf(3), status: 'delivered' },
      { id: 'd4', eventId: idOf(2), status: 'delivered' },
      { id: 'd5', eventId: idOf(1), status: 'delivered' },
    ];
    const told = withStatuses(list, news);
    expect(told.list.waiting[0]?.statuses).toEqual({ delivered: 1, dead: 1 });
    expect(told.list.shown.map(({ statuses }) => statuses)).toEqual([{ delivered: 1 }, { pending: 2 }]);
    expect(told.unsure).toEqual([idOf(2)]);
    expect(countsOf(['delivering', 'pending', 'parked'])).toEqual({ pending: 2, parked: 1 });
  });
});

describe('the rows of a long list that are in the page', () => {
  const view = { count: 100_000, rowPx: 40, topPx: 0, heightPx: 800, focused: null };
  const rows = (pieces: ReturnType<typeof visibleRows>) => pieces.flatMap((piece) => (piece.kind === 'row' ? [piece.index] : []));
  const height = (pieces: ReturnType<typeof visibleRows>) =>
    pieces.reduce((sum, piece) => sum + (piece.kind === 'row' ? 1 : piece.rows), 0);

  it('are those in view and some beyond, with gaps as high as the others', () => {
    for (const topPx of [300, 0, -1_234, -2_000_000, -99_999 * 40, -9e9]) {
      const pieces = visibleRows({ ...view, topPx });
      const first = Math.floor(-topPx / 40);
      expect(height(pieces)).toBe(100_000);
      expect(rows(pieces).length).toBeLessThanOrEqual(20 + 2 * SPARE_ROWS + 1);
      for (let row = Math.max(0, first); row < Math.min(100_000, first + 20); row += 1) expect(rows(pieces)).toContain(row);
    }
  });

  it('keep the one with the focus and its neighbours, wherever it is', () => {
    const pieces = visibleRows({ ...view, topPx: -2_000_000, focused: 7 });
    expect(rows(pieces).slice(0, 4)).toEqual([6, 7, 8, 50_000 - SPARE_ROWS]);
    expect([height(pieces), pieces[0]]).toEqual([100_000, { kind: 'gap', from: 0, rows: 6 }]);
    expect(visibleRows({ ...view, count: 0, focused: 3 })).toEqual([]);
  });
});

describe('the filter of events', () => {
  const now = Date.parse('2026-03-20T14:00:00Z');

  it('stands in the address, and what is not known there filters nothing', () => {
    const filter = filterOf(new URLSearchParams('route=r&status=nope&range=1h&from=2026-01-01T00:00&body=x'));
    expect(filter).toMatchObject({ route: 'r', status: '', range: '1h', body: 'x' });
    expect(addressOf(filter)).toMatchObject({ from: '', to: '' });
    expect(conditionsOf(filter, now)).toMatchObject({ from: '2026-03-20T13:00:00.000Z', to: '' });
  });

  it('takes times of one’s own, in the zone of the reader', () => {
    const filter = filterOf(new URLSearchParams('range=custom&from=2026-03-20T12:00&to=nonsense'));
    expect(conditionsOf(filter, now)).toMatchObject({ from: new Date('2026-03-20T12:00').toISOString(), to: '' });
    expect([isOpenEnded(filter, now), isOpenEnded({ ...filter, to: '2026-03-19T12:00' }, now)]).toEqual([true, false]);
  });
});

describe('dead letters', () => {
  const attempt: Attempt = {
    ...{ number: 1, trigger: 'initial', startedAt: '2026-03-20T14:03:00.000Z', durationMs: 12, outcome: 'dead' },
    ...{ statusCode: 500, error: { code: 'target_status', message: 'The target answered 500' }, response: null },
  };
  const dead = (id: string, change: Partial<Delivery>): Delivery => ({
    ...{ id, eventId: 'evt_1', route: 'r', target: 'app', status: 'dead', reason: 'attempts_exhausted', attempts: 1 },
    ...{ maxAttempts: 1, nextAttemptAt: null, createdAt: '', finishedAt: null, lastAttempt: attempt },
    ...change,
  });

  it('are grouped by target and by how they ended', () => {
    const timeout = { ...attempt, statusCode: null, error: { code: 'timeout', message: 'No answer within 30 s' } };
    const groups = groupedDead([
      dead('a', {}),
      dead('b', { lastAttempt: { ...attempt, durationMs: 99 } }),
      dead('c', { target: 'audit' }),
      dead('d', { lastAttempt: timeout }),
      dead('e', { lastAttempt: null, reason: 'loop' }),
      dead('f', {
        lastAttempt: { ...attempt, statusCode: 302, error: { code: 'redirect', message: 'Redirects' } },
        reason: 'redirect',
      }),
    ]);
    expect(groups.map(({ target, failure, deliveries }) => [target, failure, deliveries.length])).toEqual([
      ['app', 'answered 500', 2],
      ['audit', 'answered 500', 1],
      ['app', 'timeout', 1],
      ['app', 'the event has come through this relay too often', 1],
      ['app', 'answered 302, a redirect', 1],
    ]);
  });

  it('are discarded some at a time, and not after it was stopped', async () => {
    const stopped = new AbortController();
    const asked: string[] = [];
    const told: unknown[] = [];
    const discard = async (id: string): Promise<void> => {
      asked.push(id);
      if (id === '3') throw new Error('wrong_status');
    };
    const sum = await discardAll(
      Array.from({ length: 30 }, (_, n) => String(n)),
      discard,
      {
        signal: stopped.signal,
        told: (so) => {
          told.push(so);
          if (told.length === 2) stopped.abort();
        },
      },
    );
    expect([sum, asked.length]).toEqual([{ done: 15, failed: 1 }, 16]);
    expect(told[0]).toEqual({ done: 7, failed: 1 });
  });
});

describe('a key', () => {
  const press = { key: 'j', ctrlKey: false, metaKey: false, altKey: false, isComposing: false, defaultPrevented: false };

  it('is for the page only alone, and outside of fields', () => {
    expect(isForPage(press, false)).toBe(true);
    expect(isForPage(press, true)).toBe(false);
    for (const other of ['ctrlKey', 'metaKey', 'altKey', 'isComposing', 'defaultPrevented']) {
      expect([other, isForPage({ ...press, [other]: true }, false)]).toEqual([other, false]);
    }
  });
});
