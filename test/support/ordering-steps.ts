import fc from 'fast-check';
import type { Outcome } from '../../src/domain/attempt.ts';
import type { OperatorChange } from '../../src/store/sqlite/protocol.ts';

export const KEYS = ['a', 'b', null] as const;

/** What happens to a store with one target; `pick` chooses among what there is at that time. */
export type OrderingStep =
  | { do: 'append'; events: { key: string | null; isHeld: boolean; isTaken: boolean; delayMs: number | null }[] }
  | { do: 'lease'; most: number }
  | { do: 'settle'; picks: { pick: number; outcome: Outcome }[]; hasRoom: boolean }
  | { do: 'let-go'; pick: number }
  | { do: 'operate'; change: OperatorChange; pick: number }
  | { do: 'replay'; pick: number }
  | { do: 'delete'; pick: number }
  | { do: 'configure'; isThere: boolean; onDead: 'block' | 'skip' | null }
  | { do: 'retain' }
  | { do: 'pass'; ms: number }
  | { do: 'crash' };

const pick = fc.nat(1000);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Outcome>({ kind: 'delivered' }) },
  { weight: 2, arbitrary: fc.nat(300).map((delayMs): Outcome => ({ kind: 'retry', delayMs, reason: 'timeout' })) },
  { weight: 1, arbitrary: fc.constant<Outcome>({ kind: 'dead', reason: 'attempts_exhausted' }) },
);
const event = fc.record({
  key: fc.constantFrom(...KEYS),
  isHeld: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  isTaken: fc.boolean(),
  delayMs: fc.constantFrom(null, null, null, 400),
});
const configuration = fc.record({
  do: fc.constant('configure' as const),
  isThere: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  onDead: fc.constantFrom('block' as const, 'block' as const, 'skip' as const, null),
});

const step: fc.Arbitrary<OrderingStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), events: fc.array(event, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('lease' as const), most: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      picks: fc.array(fc.record({ pick, outcome }), { minLength: 1, maxLength: 3 }),
      hasRoom: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('let-go' as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('operate' as const),
      change: fc.constantFrom<OperatorChange>('retry', 'cancel', 'discard', 'release'),
      pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), pick }) },
  { weight: 2, arbitrary: configuration },
  { weight: 1, arbitrary: fc.constant<OrderingStep>({ do: 'retain' }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 200, 1000) }) },
  { weight: 1, arbitrary: fc.constant<OrderingStep>({ do: 'crash' }) },
);

export const anyOrderingLife: fc.Arbitrary<OrderingStep[]> = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' });
