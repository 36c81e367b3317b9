import type { BreakerPolicy } from '../domain/breaker.ts';
import type { TargetLimits } from './types.ts';
import { formatDuration, formatRate, formatSize } from './units.ts';

/** A target's limits in the shape of the file. */
export function limitsShown({ rate, inFlightBytes, breaker }: TargetLimits): object {
  return {
    rateLimit: rate === null ? null : formatRate(rate),
    inFlight: inFlightBytes === null ? null : formatSize(inFlightBytes),
    breaker: breaker === null ? 'off' : breakerShown(breaker),
  };
}

function breakerShown({ failures, share, minimum, windowMs, cooldownMs, longestCooldownMs }: BreakerPolicy): object {
  const [window, cooldown, maxCooldown] = [windowMs, cooldownMs, longestCooldownMs].map(formatDuration);
  return { failures, share, minimum, window, cooldown, maxCooldown };
}
