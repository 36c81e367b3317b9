import * as z from 'zod';
import { DEFAULT_BREAKER } from '../domain/breaker.ts';
import { choice, duration, number, rate, size } from './leaves.ts';
import { formatDuration } from './units.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const KIB = 1024;
const GIB = 1024 ** 3;

const breaker = z
  .union([
    choice(['off']),
    z.strictObject({
      failures: number(1, 1_000_000, true)
        .prefault(DEFAULT_BREAKER.failures)
        .meta({ description: 'Attempts in a row whose failure opens it.' }),
      share: number(0.01, 1, false)
        .prefault(DEFAULT_BREAKER.share)
        .meta({ description: 'Or this share of failures, of at least `minimum` attempts within `window`.' }),
      minimum: number(1, 1_000_000, true)
        .prefault(DEFAULT_BREAKER.minimum)
        .meta({ description: 'How many attempts there must be for `share` to count.' }),
      window: duration(SECOND, 24 * HOUR)
        .prefault(formatDuration(DEFAULT_BREAKER.windowMs))
        .meta({ description: 'The time over which `share` is counted.' }),
      cooldown: duration(100, 24 * HOUR)
        .prefault(formatDuration(DEFAULT_BREAKER.cooldownMs))
        .meta({
          description:
            'From the opening to the first probe. Each later wait is as long as it has been open so far, at least this.',
        }),
      maxCooldown: duration(100, 24 * HOUR)
        .prefault(formatDuration(DEFAULT_BREAKER.longestCooldownMs))
        .meta({ description: 'The longest wait for a probe.' }),
    }),
  ])
  .meta({
    description:
      'Stops attempting when the target is down, and finds out with single probes when it is back; what waits spends nothing of its retries. On by default.',
    expected: 'off, or { failures, share, minimum, window, cooldown, maxCooldown }',
  });

/** The keys of a target that say how much of it may be asked at once, and when it is left alone. */
export const limitKeys = {
  rateLimit: rate().optional().meta({
    description: 'Attempts that may start in a second, a minute or an hour, evenly spread; at most half a second of it at once.',
  }),
  inFlight: size(KIB, 64 * GIB)
    .optional()
    .meta({
      description: 'The sum of the bodies in running attempts. One that is larger runs alone.',
    }),
  breaker: breaker.prefault({}),
};
