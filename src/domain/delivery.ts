import type { AttemptTrigger, Settlement } from './attempt.ts';

/** What a delivery can be in the store. `delivering` is shown while an attempt runs; it is not stored. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead', 'filtered', 'cancelled', 'held'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** A claim by one running dispatcher: a number that is never given twice by one process. */
export type Lease = number;

/**
 * A delivery as far as its rules need it. Times are wall ms.
 * - pending: `dueAt` set, `finishedAt` null; with a lease, a dispatcher has it
 * - pending and blocked: `dueAt` null, because another delivery of its ordering key goes first
 * - held: neither is due nor finished: a person or a configuration decides
 * - all others: finished
 */
export interface DeliveryState {
  status: DeliveryStatus;
  reason: string | null;
  dueAt: number | null;
  finishedAt: number | null;
  /** Attempts made, all budgets together. */
  attempts: number;
  /** Value of `attempts` at which the present budget began. */
  budgetStart: number;
  /** Attempts and waits of the present budget, ms; 0 while its policy has no duration. */
  budgetSpentMs: number;
  nextTrigger: AttemptTrigger;
  lease: Lease | null;
}

/** Reason of a delivery that is blocked: one of its ordering key goes first. */
export const WAITS_FOR_ORDER = 'waits_for_order';

export function isBlocked({ status, dueAt }: DeliveryState): boolean {
  return status === 'pending' && dueAt === null;
}

/** Everything that can happen to a delivery. `semantics.md` draws it. */
export type DeliveryChange =
  | { kind: 'lease'; lease: Lease }
  | { kind: 'release-lease'; lease: Lease }
  | { kind: 'settle'; lease: Lease; outcome: Settlement }
  | { kind: 'retry' }
  | { kind: 'cancel' }
  | { kind: 'discard' }
  | { kind: 'release' }
  | { kind: 'hold'; reason: string }
  /** `byMs` is less than 0. */
  | { kind: 'clock-set-back'; byMs: number }
  | { kind: 'delete' }
  | { kind: 'block' }
  /** `notBefore`: wall ms. */
  | { kind: 'unblock'; notBefore: number };

/** Why a change was refused: `stale_lease` for a claim that is gone, the others are for operators (409). */
export type Refusal = 'stale_lease' | 'already_leased' | 'not_due_work' | 'attempt_running' | 'wrong_status';

export type Transition = { ok: true; state: DeliveryState; recordAttempt: boolean } | { ok: false; refusal: Refusal };

const refuse = (refusal: Refusal): Transition => ({ ok: false, refusal });

function finish(state: DeliveryState, status: DeliveryStatus, reason: string | null, now: number): DeliveryState {
  return { ...state, status, reason, dueAt: null, finishedAt: now, lease: null };
}

function dueNow(state: DeliveryState, now: number, changes: Partial<DeliveryState>): DeliveryState {
  return { ...state, status: 'pending', reason: null, dueAt: now, finishedAt: null, lease: null, ...changes };
}

/** No attempt was made, so none is counted and none is recorded. */
function filter(state: DeliveryState, reason: string, now: number): Transition {
  const freed: DeliveryState = { ...state, lease: null };
  // A cancel that came meanwhile stays one. Held, because its target was removed: this would have come of it anyway.
  return { ok: true, state: state.status === 'cancelled' ? freed : finish(freed, 'filtered', reason, now), recordAttempt: false };
}

function settle(state: DeliveryState, lease: Lease, outcome: Settlement, now: number): Transition {
  if (state.lease !== lease) return refuse('stale_lease');
  if (outcome.kind === 'filtered') return filter(state, outcome.reason, now);
  const recorded = (next: DeliveryState): Transition => ({ ok: true, state: next, recordAttempt: true });
  const tried: DeliveryState = { ...state, attempts: state.attempts + 1, nextTrigger: 'retry', lease: null };
  // A cancel that came while the attempt ran stays a cancel, whatever the attempt brought.
  if (state.status === 'cancelled') return recorded(tried);
  switch (outcome.kind) {
    case 'delivered':
      return recorded(finish(tried, 'delivered', null, now));
    case 'dead':
      return recorded(finish(tried, 'dead', outcome.reason, now));
    case 'retry':
      // Held meanwhile, because its target was removed: it waits for that, not for the schedule.
      if (state.status === 'held') return recorded(tried);
      return recorded({
        ...tried,
        reason: outcome.reason,
        dueAt: Math.round(now + outcome.delayMs),
        budgetSpentMs: state.budgetSpentMs + (outcome.spentMs ?? 0),
      });
    case 'paused': {
      // It spends nothing, so the budget begins one attempt later; what it waits for is the resume of its target.
      const unspent = { ...tried, budgetStart: state.budgetStart + 1 };
      return recorded(state.status === 'held' ? unspent : { ...unspent, reason: outcome.reason, dueAt: now });
    }
    default:
      return outcome satisfies never;
  }
}

/** An operator's change of a delivery that a dispatcher does not have. */
function unleased(state: DeliveryState, allowed: readonly DeliveryStatus[], next: () => DeliveryState): Transition {
  if (!allowed.includes(state.status)) return refuse('wrong_status');
  return state.lease === null ? { ok: true, state: next(), recordAttempt: false } : refuse('attempt_running');
}

/**
 * The one place in which a delivery changes its state.
 * @param now wall time, ms
 */
export function transition(state: DeliveryState, change: DeliveryChange, now: number): Transition {
  const moved = (next: DeliveryState): Transition => ({ ok: true, state: next, recordAttempt: false });
  switch (change.kind) {
    case 'lease':
      if (state.status !== 'pending' || state.dueAt === null || state.dueAt > now) return refuse('not_due_work');
      return state.lease === null ? moved({ ...state, lease: change.lease }) : refuse('already_leased');
    case 'release-lease':
      return state.lease === change.lease ? moved({ ...state, lease: null }) : refuse('stale_lease');
    case 'settle':
      return settle(state, change.lease, change.outcome, now);
    case 'retry':
      return unleased(state, ['dead', 'pending', 'held'], () =>
        dueNow(state, now, { budgetStart: state.attempts, budgetSpentMs: 0, nextTrigger: 'manual' }),
      );
    case 'cancel':
      // The lease stays, so that the result of an attempt that is running can still be recorded.
      return state.status === 'pending'
        ? moved({ ...finish(state, 'cancelled', 'cancelled', now), lease: state.lease })
        : refuse('wrong_status');
    case 'discard':
      return unleased(state, ['dead', 'held'], () => finish(state, 'cancelled', 'discarded', now));
    case 'release':
      // Held and freed again while one attempt ran: the lease stays, or its failure would leave the delivery held for ever.
      return state.status === 'held' ? moved(dueNow(state, now, { lease: state.lease })) : refuse('wrong_status');
    case 'hold':
      // The lease stays here too: attempts in flight finish, and one that succeeds has delivered.
      return state.status === 'pending'
        ? moved({ ...state, status: 'held', reason: change.reason, dueAt: null })
        : refuse('wrong_status');
    case 'clock-set-back':
      // What waits keeps the wait that it has left; only the clock by which it is written down is another.
      if (state.status !== 'pending' || state.dueAt === null) return refuse('wrong_status');
      return moved({ ...state, dueAt: state.dueAt + change.byMs });
    case 'delete':
      // Its event is deleted on request. The lease goes too: what an attempt that is running brings back is not to be kept.
      if (state.status === 'cancelled' && state.lease !== null) return moved({ ...state, lease: null });
      return state.status === 'pending' || state.status === 'held' || state.status === 'dead'
        ? moved(finish(state, 'cancelled', 'event_deleted', now))
        : refuse('wrong_status');
    case 'block':
      return unleased(state, ['pending'], () => ({ ...state, reason: WAITS_FOR_ORDER, dueAt: null }));
    case 'unblock':
      return isBlocked(state) ? moved(dueNow(state, now, { dueAt: Math.max(now, change.notBefore) })) : refuse('wrong_status');
    default:
      return change satisfies never;
  }
}
