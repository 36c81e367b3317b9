import type { Clock } from '../../src/domain/clock.ts';

/** A clock that stands until it is moved. Held to the system clock's behaviour by test/unit/deliver-manual-clock.test.ts. */
export interface ManualClock extends Clock {
  /** Moves both times, firing what becomes due on the way, in order, with promises settled in between. */
  advance(ms: number): Promise<void>;
  /** Sets wall time only, as an operator or NTP does. */
  jumpWall(ms: number): void;
  timers(): number;
}

/** Lets everything that waits on resolved promises run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

export function createManualClock(startedAt = 1_700_000_000_000): ManualClock {
  let elapsed = 0;
  let wallOffset = startedAt;
  let sequence = 0;
  const timers = new Map<number, { at: number; fire: () => void }>();
  const next = (until: number): number | null => {
    let found: [number, number] | null = null;
    for (const [id, { at }] of timers) if (at <= until && (found === null || at < found[1])) found = [id, at];
    return found === null ? null : found[0];
  };
  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    after(delayMs, fire) {
      sequence += 1;
      const id = sequence;
      timers.set(id, { at: elapsed + Math.max(delayMs, 0), fire });
      return () => timers.delete(id);
    },
    async advance(ms) {
      const until = elapsed + ms;
      await settled();
      for (let id = next(until); id !== null; id = next(until)) {
        const timer = timers.get(id);
        timers.delete(id);
        elapsed = Math.max(elapsed, timer?.at ?? 0);
        timer?.fire();
        await settled();
      }
      elapsed = until;
    },
    jumpWall(ms) {
      wallOffset += ms;
    },
    timers: () => timers.size,
  };
}
