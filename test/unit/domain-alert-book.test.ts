import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AlertBook, type AlertEnding, type AlertFact, type AlertNotice, REMIND_MS } from '../../src/domain/alert-book.ts';
import { RefusalSpike } from '../../src/domain/refusal-spike.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WALL = Date.UTC(2026, 2, 20, 15);

/** A book, and the time by hand. */
class Desk {
  readonly book = new AlertBook();
  readonly told: AlertNotice[] = [];
  monotonic = 0;
  #ids = 0;

  raise(key: string, ending: AlertEnding = { kind: 'cleared' }): void {
    const fact: AlertFact = { kind: 'breaker_open', key, target: key, route: null, summary: key, detail: {} };
    this.#take(this.book.raise(fact, ending, this.now));
  }

  clear(key: string): void {
    this.#take(this.book.clear(key, 'over', this.now));
  }

  tick(): void {
    for (const notice of this.book.tick(this.now)) this.#take(notice);
  }

  pass(ms: number): void {
    this.monotonic += ms;
  }

  get now() {
    this.#ids += 1;
    return { wall: WALL + this.monotonic, monotonic: this.monotonic, id: `alert_${this.#ids}` };
  }

  get words(): string[] {
    return this.told.map(({ state, key }) => `${state} ${key}`);
  }

  #take(notice: AlertNotice | null): void {
    if (notice !== null) this.told.push(notice);
  }
}

describe('the book of alerts', () => {
  it('tells a fact once, and its end once, under one id', () => {
    const desk = new Desk();
    desk.clear('a');
    desk.raise('a');
    desk.pass(HOUR);
    desk.raise('a');
    desk.tick();
    desk.clear('a');
    desk.clear('a');
    desk.tick();
    expect(desk.words).toEqual(['firing a', 'resolved a']);
    const [begin, end] = desk.told;
    expect(end).toMatchObject({ id: begin?.id, since: WALL, at: WALL + HOUR, summary: 'over' });
    desk.raise('a');
    expect(desk.told[2]?.id).not.toBe(begin?.id);
  });

  it('reminds of what goes on, every four hours', () => {
    const desk = new Desk();
    desk.raise('a');
    for (let minute = 0; minute < 9 * 60; minute += 1) {
      desk.pass(MINUTE);
      desk.tick();
    }
    expect(desk.told.map(({ at, state }) => [state, (at - WALL) / HOUR])).toEqual([
      ['firing', 0],
      ['firing', 4],
      ['firing', 8],
    ]);
    expect(new Set(desk.told.map(({ id }) => id)).size).toBe(1);
  });

  it('ends what has been quiet, counted from the last time', () => {
    const desk = new Desk();
    const ending: AlertEnding = { kind: 'quiet', forMs: HOUR };
    desk.raise('a', ending);
    desk.pass(HOUR - 1);
    desk.raise('a', ending);
    desk.pass(HOUR - 1);
    desk.tick();
    expect(desk.words).toEqual(['firing a']);
    desk.pass(1);
    desk.tick();
    desk.raise('a', ending);
    expect(desk.words).toEqual(['firing a', 'resolved a', 'firing a']);
  });

  it('notes what only happens, without an end, once in a while', () => {
    const desk = new Desk();
    const ending: AlertEnding = { kind: 'noted', onceInMs: HOUR };
    desk.raise('a', ending);
    desk.pass(HOUR - 1);
    desk.raise('a', ending);
    desk.pass(1);
    desk.raise('a', ending);
    desk.clear('a');
    desk.pass(10 * HOUR);
    desk.tick();
    expect(desk.words).toEqual(['firing a', 'firing a']);
    expect(desk.book.view).toMatchObject({ firing: [], recent: [{ state: 'noted' }, { state: 'noted', endedAt: null }] });
  });

  it('tells again what got through to nobody, if it still fires', () => {
    const desk = new Desk();
    desk.raise('a');
    desk.raise('b');
    for (const notice of [...desk.told]) desk.book.missed(notice);
    desk.clear('b');
    desk.tick();
    desk.tick();
    expect(desk.words).toEqual(['firing a', 'firing b', 'resolved b', 'firing a']);
    const [first] = desk.told;
    desk.clear('a');
    desk.raise('a');
    if (first !== undefined) desk.book.missed(first);
    desk.tick();
    expect(desk.words.slice(4)).toEqual(['resolved a', 'firing a']);
  });

  it('shows what fires, and keeps fifty that have ended', () => {
    const desk = new Desk();
    for (let n = 0; n < 60; n += 1) {
      desk.raise(`k${n}`);
      desk.clear(`k${n}`);
    }
    desk.raise('now');
    const { firing, recent } = desk.book.view;
    expect(firing.map(({ key, state, endedAt }) => [key, state, endedAt])).toEqual([['now', 'firing', null]]);
    expect(recent).toHaveLength(50);
    expect(recent[0]).toMatchObject({ key: 'k59', state: 'resolved', endedAt: WALL });
  });
});

type Step = { kind: 'raise' | 'clear'; key: string; quiet: boolean } | { kind: 'tick' } | { kind: 'pass'; ms: number };
const key = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('raise' as const), key, quiet: fc.boolean() }),
  fc.record({ kind: fc.constant('clear' as const), key, quiet: fc.constant(false) }),
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3 * HOUR }) }),
);

describe('whatever happens', () => {
  it('no key is told twice without its end or the time of a reminder between, and every end is told exactly once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const desk = new Desk();
        for (const each of steps) {
          if (each.kind === 'raise') desk.raise(each.key, each.quiet ? { kind: 'quiet', forMs: HOUR } : { kind: 'cleared' });
          else if (each.kind === 'clear') desk.clear(each.key);
          else if (each.kind === 'tick') desk.tick();
          else if (each.kind === 'pass') desk.pass(each.ms);
        }
        const open = new Map<string, AlertNotice>();
        const ended = new Set<string>();
        for (const notice of desk.told) {
          const before = open.get(notice.key);
          if (notice.state === 'resolved') {
            expect(before?.id).toBe(notice.id);
            expect(ended.has(notice.id)).toBe(false);
            ended.add(notice.id);
            open.delete(notice.key);
          } else {
            if (before !== undefined) {
              expect(notice.id).toBe(before.id);
              expect(notice.at - before.at).toBeGreaterThanOrEqual(REMIND_MS);
            }
            open.set(notice.key, notice);
          }
        }
        expect([...open.keys()].toSorted()).toEqual(desk.book.view.firing.map((each) => each.key).toSorted());
      }),
      { numRuns: 500 },
    );
  });
});

describe('a spike of refusals', () => {
  it('is seen when as many come as are allowed in the window, and at most once a second', () => {
    const spike = new RefusalSpike({ amount: 5, perMs: MINUTE });
    const seen = Array.from({ length: 8 }, (_, n) => spike.count(n < 3 ? 'not_found' : 'verification_failed', n * 300));
    expect(seen.map((found) => found?.refusals ?? null)).toEqual([null, null, null, null, 5, null, null, null]);
    const found = spike.count('verification_failed', 4 * 300 + 1_000);
    expect(found?.refusals).toBe(9);
    expect(Object.fromEntries(found?.reasons ?? [])).toEqual({ not_found: 3, verification_failed: 6 });
  });

  it('slides: half a window later half of the former one still counts', () => {
    const spike = new RefusalSpike({ amount: 10, perMs: MINUTE });
    for (let n = 0; n < 9; n += 1) expect(spike.count('r', 0)).toBeNull();
    for (let n = 0; n < 5; n += 1) expect(spike.count('r', 1.5 * MINUTE)).toBeNull();
    expect(spike.count('r', 1.5 * MINUTE)?.refusals).toBe(11);
  });

  it('forgets what is two windows old', () => {
    const spike = new RefusalSpike({ amount: 10, perMs: MINUTE });
    for (let n = 0; n < 9; n += 1) spike.count('r', 0);
    for (let n = 0; n < 9; n += 1) expect(spike.count('r', 2 * MINUTE)).toBeNull();
  });
});
