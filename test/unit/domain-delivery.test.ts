import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Settlement } from '../../src/domain/attempt.ts';
import { type DeliveryChange, type DeliveryState, type Refusal, transition, WAITS_FOR_ORDER } from '../../src/domain/delivery.ts';

const NOW = 1_700_000_000_000;
const MINE = 7;

const fresh: DeliveryState = {
  status: 'pending',
  reason: null,
  dueAt: NOW,
  finishedAt: null,
  attempts: 3,
  budgetStart: 1,
  budgetSpentMs: 40,
  nextTrigger: 'retry',
  lease: null,
};
const finished = { dueAt: null, finishedAt: NOW - 1 };
const waiting = { dueAt: null, finishedAt: null, reason: 'target_removed' };

/** `+` is a delivery that a dispatcher has under lease 7. */
const STATES: Record<string, DeliveryState> = {
  early: { ...fresh, dueAt: NOW + 1 },
  pending: fresh,
  'pending+': { ...fresh, lease: MINE },
  blocked: { ...fresh, dueAt: null, reason: WAITS_FOR_ORDER },
  delivered: { ...fresh, ...finished, status: 'delivered' },
  dead: { ...fresh, ...finished, status: 'dead' },
  filtered: { ...fresh, ...finished, status: 'filtered', attempts: 0, budgetStart: 0 },
  cancelled: { ...fresh, ...finished, status: 'cancelled' },
  'cancelled+': { ...fresh, ...finished, status: 'cancelled', lease: MINE },
  held: { ...fresh, ...waiting, status: 'held' },
  'held+': { ...fresh, ...waiting, status: 'held', lease: MINE },
};

const settle = (outcome: Settlement, lease = MINE): DeliveryChange => ({ kind: 'settle', lease, outcome });

const CHANGES: Record<string, DeliveryChange> = {
  lease: { kind: 'lease', lease: 9 },
  'let-go': { kind: 'release-lease', lease: MINE },
  ok: settle({ kind: 'delivered' }),
  later: settle({ kind: 'retry', delayMs: 5000, reason: 'timeout' }),
  fatal: settle({ kind: 'dead', reason: 'attempts_exhausted' }),
  sieve: settle({ kind: 'filtered', reason: 'filter: payload.x' }),
  pause: settle({ kind: 'paused', reason: 'paused_on_status' }),
  retry: { kind: 'retry' },
  cancel: { kind: 'cancel' },
  discard: { kind: 'discard' },
  release: { kind: 'release' },
  hold: { kind: 'hold', reason: 'target_removed' },
  back: { kind: 'clock-set-back', byMs: -60_000 },
  block: { kind: 'block' },
  unblock: { kind: 'unblock', notBefore: 0 },
};

const REFUSALS: Record<string, Refusal> = {
  stale: 'stale_lease',
  taken: 'already_leased',
  'not-due': 'not_due_work',
  running: 'attempt_running',
  no: 'wrong_status',
};

/** The drawing of states, written out: what each change makes of each state, or why it is refused. */
const DRAWING = `
            lease     let-go     ok         later      fatal      sieve      pause      retry    cancel      discard    release   hold      back      block    unblock
early       not-due   stale      stale      stale      stale      stale      stale      pending  cancelled   no         no        held      pending   blocked  no
pending     pending+  stale      stale      stale      stale      stale      stale      pending  cancelled   no         no        held      pending   blocked  no
pending+    taken     pending    delivered  pending    dead       filtered   pending    running  cancelled+  no         no        held+     pending+  running  no
blocked     not-due   stale      stale      stale      stale      stale      stale      pending  cancelled   no         no        held      no        blocked  pending
delivered   not-due   stale      stale      stale      stale      stale      stale      no       no          no         no        no        no        no       no
dead        not-due   stale      stale      stale      stale      stale      stale      pending  no          cancelled  no        no        no        no       no
filtered    not-due   stale      stale      stale      stale      stale      stale      no       no          no         no        no        no        no       no
cancelled   not-due   stale      stale      stale      stale      stale      stale      no       no          no         no        no        no        no       no
cancelled+  not-due   cancelled  cancelled  cancelled  cancelled  cancelled  cancelled  no       no          no         no        no        no        no       no
held        not-due   stale      stale      stale      stale      stale      stale      pending  no          cancelled  pending   no        no        no       no
held+       not-due   held       delivered  held       dead       filtered   held       running  no          running    pending+  no        no        no       no
`;

const [heading = [], ...lines] = DRAWING.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const cells = lines.flatMap(([from = '', ...row]) => row.map((to, index) => ({ from, change: heading[index] ?? '', to })));

function apply(from: string, change: string) {
  const state = STATES[from];
  const happening = CHANGES[change];
  if (state === undefined || happening === undefined) throw new Error(`${from}, ${change} is not in the tables`);
  return transition(Object.freeze({ ...state }), happening, NOW);
}

function shownState({ status, dueAt, lease }: DeliveryState): string {
  if (status === 'pending' && dueAt === null && lease === null) return 'blocked';
  return `${status}${lease === null ? '' : '+'}`;
}

function changed(from: string, change: string): DeliveryState {
  const result = apply(from, change);
  if (!result.ok) throw new Error(`${change} of ${from} was refused: ${result.refusal}`);
  return result.state;
}

describe('the drawing', () => {
  test('names every state with every change', () => {
    expect(cells).toHaveLength(Object.keys(STATES).length * Object.keys(CHANGES).length);
  });

  test.each(cells)('$from, $change: $to', ({ from, change, to }) => {
    const result = apply(from, change);
    const shown = result.ok ? shownState(result.state) : result.refusal;
    expect(shown).toBe(REFUSALS[to] ?? to);
  });
});

describe('what a change leaves behind', () => {
  test('delivered: one attempt more, finished now, no reason', () => {
    expect(changed('pending+', 'ok')).toMatchObject({ attempts: 4, finishedAt: NOW, dueAt: null, reason: null });
  });

  test('a failed attempt waits for its delay and is tried as a retry', () => {
    const state = changed('pending+', 'later');
    expect(state).toMatchObject({ attempts: 4, dueAt: NOW + 5000, finishedAt: null, reason: 'timeout', nextTrigger: 'retry' });
  });

  test('filtered: no attempt is counted or recorded', () => {
    expect(apply('pending+', 'sieve')).toMatchObject({
      recordAttempt: false,
      state: { attempts: 3, finishedAt: NOW, dueAt: null, reason: 'filter: payload.x', nextTrigger: 'retry' },
    });
    expect(apply('cancelled+', 'sieve')).toMatchObject({ recordAttempt: false, state: { attempts: 3, reason: fresh.reason } });
  });

  test('a failed attempt takes its time and its wait from a budget with a duration, and from no other', () => {
    const timed = settle({ kind: 'retry', delayMs: 5000, reason: 'timeout', spentMs: 5012 });
    expect(transition(STATES['pending+'] ?? fresh, timed, NOW)).toMatchObject({ state: { budgetSpentMs: 5052 } });
    expect(changed('pending+', 'later')).toMatchObject({ budgetSpentMs: 40 });
  });

  test('an answer that pauses the target is recorded and spends nothing: the delivery is due at the resume', () => {
    const paused = { attempts: 4, budgetStart: 2, budgetSpentMs: 40, dueAt: NOW, reason: 'paused_on_status', lease: null };
    expect(changed('pending+', 'pause')).toEqual({ ...fresh, ...paused, nextTrigger: 'retry' });
    const held = { attempts: 4, budgetStart: 2, dueAt: null, reason: 'target_removed' };
    expect(changed('held+', 'pause')).toMatchObject(held);
  });

  test('dead keeps the reason', () => {
    expect(changed('pending+', 'fatal')).toMatchObject({ attempts: 4, finishedAt: NOW, reason: 'attempts_exhausted' });
  });

  test.each(['dead', 'pending', 'blocked', 'held'])(
    'an operator retries what is %s: due now, a fresh budget, attempts counted on',
    (from) => {
      const state = changed(from, 'retry');
      const budget = { attempts: 3, budgetStart: 3, budgetSpentMs: 0, nextTrigger: 'manual' };
      expect(state).toEqual({ ...fresh, ...budget, dueAt: NOW, reason: null });
    },
  );

  test('a release is due now under the budget it had', () => {
    expect(changed('held', 'release')).toEqual({ ...fresh, dueAt: NOW });
  });

  test('a clock that is set back takes the due time with it, and nothing else', () => {
    expect(changed('early', 'back')).toEqual({ ...STATES.early, dueAt: (STATES.early?.dueAt ?? 0) - 60_000 });
    expect(changed('pending+', 'back')).toEqual({ ...STATES['pending+'], dueAt: (STATES['pending+']?.dueAt ?? 0) - 60_000 });
  });

  test('blocked is not due and says why; freed it is due now under the budget it had', () => {
    expect(changed('early', 'block')).toEqual({ ...fresh, dueAt: null, reason: WAITS_FOR_ORDER });
    expect(changed('blocked', 'unblock')).toEqual({ ...fresh, dueAt: NOW, reason: null });
    const delayed = transition(changed('early', 'block'), { kind: 'unblock', notBefore: NOW + 9 }, NOW);
    expect(delayed).toMatchObject({ ok: true, state: { dueAt: NOW + 9 } });
  });

  test('what is interrupted spends nothing and is due as before', () => {
    expect(changed('pending+', 'let-go')).toEqual(fresh);
  });

  test('the attempt of a cancelled delivery is recorded; the cancel stays what it was', () => {
    const result = apply('cancelled+', 'ok');
    expect(result).toMatchObject({ ok: true, recordAttempt: true, state: { attempts: 4, finishedAt: NOW - 1 } });
  });

  test('an attempt that fails while its delivery is held leaves it held for the same reason', () => {
    expect(changed('held+', 'later')).toMatchObject({ attempts: 4, dueAt: null, reason: 'target_removed' });
  });

  test('released while its attempt runs, it goes by what the attempt brings', () => {
    const settled = transition(changed('held+', 'release'), settle({ kind: 'retry', delayMs: 60_000, reason: 'timeout' }), NOW);
    expect(settled).toMatchObject({ ok: true, state: { status: 'pending', dueAt: NOW + 60_000, lease: null } });
  });

  test('only settling records an attempt', () => {
    const recorded = cells.filter(({ from, change }) => {
      const result = apply(from, change);
      return result.ok && result.recordAttempt;
    });
    expect(new Set(recorded.map(({ change }) => change))).toEqual(new Set(['ok', 'later', 'fatal', 'pause']));
  });
});

const anyLease = fc.integer({ min: 1, max: 4 });
const anyOutcome: fc.Arbitrary<Settlement> = fc.oneof(
  fc.constant<Settlement>({ kind: 'delivered' }),
  fc.nat(100).map((delayMs): Settlement => ({ kind: 'retry', delayMs, reason: 'timeout' })),
  fc.nat(100).map((delayMs): Settlement => ({ kind: 'retry', delayMs, reason: 'timeout', spentMs: delayMs + 1 })),
  fc.constant<Settlement>({ kind: 'paused', reason: 'paused_on_status' }),
  fc.constant<Settlement>({ kind: 'dead', reason: 'attempts_exhausted' }),
  fc.constant<Settlement>({ kind: 'filtered', reason: 'filter: payload.x' }),
);
const anyChange: fc.Arbitrary<DeliveryChange> = fc.oneof(
  { weight: 4, arbitrary: anyLease.map((lease): DeliveryChange => ({ kind: 'lease', lease })) },
  { weight: 4, arbitrary: fc.tuple(anyLease, anyOutcome).map(([lease, outcome]) => settle(outcome, lease)) },
  anyLease.map((lease): DeliveryChange => ({ kind: 'release-lease', lease })),
  fc.constantFrom<DeliveryChange>({ kind: 'retry' }, { kind: 'cancel' }, { kind: 'discard' }, { kind: 'release' }),
  fc.constant<DeliveryChange>({ kind: 'hold', reason: 'target_removed' }),
  fc.nat(100).map((ms): DeliveryChange => ({ kind: 'clock-set-back', byMs: -ms })),
  fc.constantFrom<DeliveryChange>({ kind: 'block' }, { kind: 'unblock', notBefore: NOW + 50 }),
);
const anyLife = fc.array(fc.record({ change: anyChange, wait: fc.nat(60) }), { maxLength: 40 });

interface Step {
  before: DeliveryState;
  change: DeliveryChange;
  now: number;
  result: ReturnType<typeof transition>;
}

/** A delivery from its append on. */
function live(life: { change: DeliveryChange; wait: number }[]): Step[] {
  let now = NOW;
  let before: DeliveryState = { ...fresh, attempts: 0, budgetStart: 0, budgetSpentMs: 0, nextTrigger: 'initial' };
  return life.map(({ change, wait }) => {
    now += wait;
    const result = transition(Object.freeze(before), change, now);
    const step = { before, change, now, result };
    if (result.ok) before = result.state;
    return step;
  });
}

function eachStep(check: (step: Step) => void): void {
  fc.assert(
    fc.property(anyLife, (life) => live(life).forEach(check)),
    { numRuns: 500 },
  );
}

describe('whatever happens to a delivery', () => {
  test('a claim that is gone changes nothing', () => {
    eachStep(({ before, change, result }) => {
      if (change.kind !== 'settle' && change.kind !== 'release-lease') return;
      expect(result.ok).toBe(before.lease === change.lease);
    });
  });

  test('nothing is leased early, twice, or when it is not pending', () => {
    eachStep(({ before, change, now, result }) => {
      if (change.kind !== 'lease' || !result.ok) return;
      expect([before.status, before.lease]).toEqual(['pending', null]);
      expect(before.dueAt).toBeLessThanOrEqual(now);
    });
  });

  test('what is finished is pending again only by an operator', () => {
    eachStep(({ before, change, result }) => {
      if (before.finishedAt === null || !result.ok || result.state.status !== 'pending') return;
      expect([before.status, change.kind]).toEqual(['dead', 'retry']);
    });
  });

  test('delivered stays delivered', () => {
    eachStep(({ before, result }) => {
      if (before.status === 'delivered') expect(result.ok).toBe(false);
    });
  });

  test('attempts grow by one for each that is recorded, and by nothing else', () => {
    eachStep(({ before, result }) => {
      if (result.ok) expect(result.state.attempts - before.attempts).toBe(result.recordAttempt ? 1 : 0);
    });
  });

  test('a budget spends attempts and time on retries only, and begins anew by an operator only', () => {
    eachStep(({ before, change, result }) => {
      if (!result.ok || change.kind === 'retry') return;
      const { state } = result;
      const spent = (of: DeliveryState): number => of.attempts - of.budgetStart;
      const isPaused = change.kind === 'settle' && change.outcome.kind === 'paused' && before.status !== 'cancelled';
      expect(spent(state) - spent(before)).toBe(result.recordAttempt && !isPaused ? 1 : 0);
      if (state.budgetSpentMs === before.budgetSpentMs) return;
      expect(change).toMatchObject({ kind: 'settle', outcome: { kind: 'retry' } });
      expect(state.budgetSpentMs).toBeGreaterThan(before.budgetSpentMs);
    });
  });

  test('the times fit the status, and the budget begins within the attempts', () => {
    eachStep(({ result }) => {
      if (!result.ok) return;
      const { status, reason, dueAt, finishedAt, budgetStart, attempts } = result.state;
      expect(dueAt !== null).toBe(status === 'pending' && reason !== WAITS_FOR_ORDER);
      expect(finishedAt !== null).toBe(status !== 'pending' && status !== 'held');
      expect(budgetStart).toBeLessThanOrEqual(attempts);
    });
  });
});
