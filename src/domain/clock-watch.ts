import type { Clock } from './clock.ts';

const CHECK_EVERY_MS = 10_000;
const JUMP_MS = 5 * 60_000;
/** So long without another jump, and the clock is believed again. */
const STABLE_AFTER_MS = 60 * 60_000;

/** Told of jumps of the wall clock. */
export interface ClockWatchEvents {
  /** @param byMs how far the wall clock went beyond, or back from, what really passed */
  jumped(byMs: number): void;
  stable(): void;
}

/** Compares the wall clock with the monotonic one, every ten seconds. @returns what ends it */
export function watchClock(clock: Clock, events: ClockWatchEvents): () => void {
  let offset = clock.now() - clock.monotonic();
  let jumpedAt: number | null = null;
  let cancel: () => void = () => undefined;
  const check = (): void => {
    const byMs = clock.now() - clock.monotonic() - offset;
    offset += byMs; // slow drift is followed, only what comes at once is a jump
    if (Math.abs(byMs) > JUMP_MS) {
      jumpedAt = clock.monotonic();
      events.jumped(byMs);
    } else if (jumpedAt !== null && clock.monotonic() - jumpedAt >= STABLE_AFTER_MS) {
      jumpedAt = null;
      events.stable();
    }
    cancel = clock.after(CHECK_EVERY_MS, check);
  };
  cancel = clock.after(CHECK_EVERY_MS, check);
  return () => cancel();
}
