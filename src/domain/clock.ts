/**
 * Two clocks. `now` is wall time in ms since 1970, for signatures, display and what is stored;
 * `monotonic` is ms since some fixed point, for timeouts and waiting, and never goes back.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls `fire` once after `delayMs`; returns what cancels it. Any delay is allowed, however long. */
  after(delayMs: number, fire: () => void): () => void;
}

/** `setTimeout` fires after 1 ms when asked for more than this (2^31-1 ms, 24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function after(delayMs: number, fire: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (remainingMs: number): void => {
    const step = Math.min(Math.max(remainingMs, 0), LONGEST_TIMER_MS);
    timer = setTimeout(() => (remainingMs > step ? arm(remainingMs - step) : fire()), step);
  };
  arm(delayMs);
  return () => clearTimeout(timer);
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,
};
