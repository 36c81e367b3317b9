import type { TargetConfig } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';

/** What the pauses need of the dispatcher. */
export interface PauseOwner {
  isPaused(target: string): boolean;
  /** The configuration that its next attempt would have, or null. */
  configOf(target: string): TargetConfig | null;
  /** Takes effect at once: no further attempt begins. */
  pause(target: string, statusCode: number): void;
}

/** An attempt whose answer asks for a pause of its target. */
export interface PausingAnswer {
  statusCode: number;
  /** What the attempt was made under. */
  config: TargetConfig;
  /** How long it took, ms; it ends now. */
  durationMs: number;
}

/**
 * Pauses targets by what they answered: once, however many answers ask for it. An answer to an attempt that began before
 * the last resume, or before a change of the target's configuration, says nothing about how the target is now.
 */
export class AnswerPauses {
  readonly #owner: PauseOwner;
  readonly #clock: Clock;
  /** Monotonic ms. */
  readonly #resumedAt = new Map<string, number>();

  constructor(owner: PauseOwner, clock: Clock) {
    this.#owner = owner;
    this.#clock = clock;
  }

  asked(target: string, { statusCode, config, durationMs }: PausingAnswer): void {
    if (this.#owner.isPaused(target) || this.#owner.configOf(target) !== config) return;
    const beganAt = this.#clock.monotonic() - durationMs;
    if (beganAt >= (this.#resumedAt.get(target) ?? Number.NEGATIVE_INFINITY)) this.#owner.pause(target, statusCode);
  }

  resumed(target: string): void {
    this.#resumedAt.set(target, this.#clock.monotonic());
  }
}
