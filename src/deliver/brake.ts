import type { Clock } from '../domain/clock.ts';

/** Leaves a target alone for the time that it asked for. */
export class Brake {
  readonly #clock: Clock;
  readonly #released: () => void;
  /** Monotonic ms; 0 while it is off. */
  #until = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, released: () => void) {
    this.#clock = clock;
    this.#released = released;
  }

  get on(): boolean {
    return this.#until !== 0;
  }

  /** The longest of several times counts. */
  slow(forMs: number): void {
    const until = this.#clock.monotonic() + forMs;
    if (forMs === 0 || until <= this.#until) return;
    this.#until = until;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(forMs, () => {
      this.#until = 0;
      this.#released();
    });
  }

  close(): void {
    this.#cancelTimer?.();
  }
}
