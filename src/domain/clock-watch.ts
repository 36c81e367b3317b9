import type { Clock } from './clock.ts';

const CHECK_EVERY_MS = 10_000;
const JUMP_MS = 5 * 60_000;
/** So long without another jump, and the clock is believed again. */
const STABLE_AFTER_MS = 60 * 60_000;

/** Told of jumps of the wall clock. */
export interface ClockWatchEvents {
  /** @param byMs how far the wall clock went beyond, or back from, what really passed; whole */
  jumped(byMs: number): void;
  stable(): void;
}

export interface ClockWatch {
  /** Looks now, for those to whom ten seconds are too long. */
  look(): void;
  stop(): void;
}

/** Compares the wall clock with the monotonic one, every ten seconds. */
export function watchClock(clock: Clock, events: ClockWatchEvents): ClockWatch {
  let offset = clock.now() - clock.monotonic();
  let jumpedAt: number | null = null;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    const byMs = clock.now() - clock.monotonic() - offset;
    offset += byMs; // slow drift is followed, only what comes at once is a jump
    if (Math.abs(byMs) > JUMP_MS) {
      jumpedAt = clock.monotonic();
      events.jumped(Math.round(byMs));
    } else if (jumpedAt !== null && clock.monotonic() - jumpedAt >= STABLE_AFTER_MS) {
      jumpedAt = null;
      events.stable();
    }
  };
  const lookLater = (): void => {
    cancel = clock.after(CHECK_EVERY_MS, () => {
      look();
      lookLater();
    });
  };
  lookLater();
  return { look, stop: () => cancel() };
}
