import fc from 'fast-check';
import type { Settlement } from '../../src/domain/attempt.ts';
import type { OperatorChange } from '../../src/store/sqlite/protocol.ts';

export const TARGETS = ['app', 'audit'] as const;
export const ROUTES = ['knowledgesdk', 'stripe'] as const;
export const KEY_WINDOW_MS = 1000;

export interface AppendStep {
  route: string;
  key: string | null;
  body: string;
  /** Read so long before its batch. */
  age: number;
  isUnstorable: boolean;
  deliveries: { target: string; as: 'pending' | 'filtered' | 'held'; isTaken: boolean }[];
}

/** `pick` chooses among what there is at that time. */
export type Step =
  | { do: 'append'; events: AppendStep[]; trouble: 'busy' | 'full' | null }
  | { do: 'lease'; target: string; most: number }
  | { do: 'settle'; picks: { pick: number; outcome: Settlement; isStale: boolean }[] }
  | { do: 'let-go'; pick: number; isStale: boolean }
  | { do: 'operate'; change: OperatorChange; pick: number }
  | { do: 'replay'; pick: number; targets: string[] }
  | { do: 'reconcile'; targets: string[]; routes: string[] }
  | { do: 'pause'; target: string }
  | { do: 'resume'; target: string }
  | { do: 'pass'; ms: number }
  | { do: 'retain' }
  | { do: 'restart' }
  | { do: 'crash' };

const seldom = (arbitrary: fc.Arbitrary<boolean>): fc.Arbitrary<boolean> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary });
const target = fc.constantFrom(...TARGETS);
const pick = fc.nat(1000);

const outcome: fc.Arbitrary<Settlement> = fc.oneof(
  fc.constant<Settlement>({ kind: 'delivered' }),
  fc.nat(1000).map((delayMs): Settlement => ({ kind: 'retry', delayMs, reason: 'timeout' })),
  fc.nat(1000).map((delayMs): Settlement => ({ kind: 'retry', delayMs, reason: 'timeout', spentMs: delayMs + 1 })),
  fc.constant<Settlement>({ kind: 'dead', reason: 'attempts_exhausted' }),
  fc.constant<Settlement>({ kind: 'paused', reason: 'paused_on_status' }),
  fc.constant<Settlement>({ kind: 'filtered', reason: 'filter: payload.x' }),
);

const as = fc.oneof(
  { weight: 8, arbitrary: fc.constant('pending' as const) },
  { weight: 1, arbitrary: fc.constantFrom('filtered' as const, 'held' as const) },
);
const delivery = fc.record({ target, as, isTaken: fc.boolean() });
const event: fc.Arbitrary<AppendStep> = fc.record({
  route: fc.constantFrom(...ROUTES),
  key: fc.option(fc.constantFrom('a', 'b', 'c')),
  body: fc.constantFrom('one', 'two', 'long '.repeat(4000)),
  age: fc.constantFrom(0, 0, 1, 5),
  isUnstorable: seldom(fc.boolean()),
  deliveries: fc.array(delivery, { maxLength: 3 }),
});
const trouble = fc.oneof(
  { weight: 8, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom('busy' as const, 'full' as const) },
);
const part = (names: readonly string[]): fc.Arbitrary<string[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<string[]>([...names]) }, { weight: 1, arbitrary: fc.subarray([...names]) });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      events: fc.array(event, { minLength: 1, maxLength: 4 }),
      trouble,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('lease' as const), target, most: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      picks: fc.array(fc.record({ pick, outcome, isStale: seldom(fc.boolean()) }), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('let-go' as const), pick, isStale: seldom(fc.boolean()) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('operate' as const),
      change: fc.constantFrom<OperatorChange>('retry', 'cancel', 'discard', 'release'),
      pick,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('replay' as const), pick, targets: fc.subarray([...TARGETS], { minLength: 1 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconcile' as const), targets: part(TARGETS), routes: part(ROUTES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), target }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.oneof(fc.nat(900), fc.constantFrom(500, 1000, 2000)) }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'retain' }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'restart' }, { do: 'crash' }) },
);

/** A life of a store. */
export const anyLife: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 5, maxLength: 50, size: 'max' });
