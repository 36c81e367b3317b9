import fc from 'fast-check';
import { test } from 'vitest';
import { OrderingLife } from '../support/ordering-life.ts';
import { anyOrderingLife } from '../support/ordering-steps.ts';

test('whatever happens, the order of each key is kept and nothing waits for ever', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(anyOrderingLife, (steps) => new OrderingLife().live(steps)),
    { numRuns: 150 },
  );
});
