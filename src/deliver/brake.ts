import type { Clock } from '../domain/clock.ts';

/** Leaves a target alone for a while after it asked for that. */
export class Brake {
  readonly #clock: Clock;
  readonly #released: () => void;
  /** Monotonic ms; 0 while it is off. */
  #until = 0;
  #rounds = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, released: () => void) {
    this.#clock = clock;
    this.#released = released;
  }

  get on(): boolean {
    return this.#until !== 0;
  }

  /** How often in a row it has been put on, counting the time that the next answer belongs to. */
  get round(): number {
    return this.on ? this.#rounds : this.#rounds + 1;
  }

  /** The longest of several times counts. */
  slow(forMs: number): void {
    const until = this.#clock.monotonic() + forMs;
    if (forMs === 0 || until <= this.#until) return;
    this.#rounds = this.round;
    this.#until = until;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(forMs, () => {
      this.#until = 0;
      this.#released();
    });
  }

  /** The target works. While the brake is on that is an attempt from before it, which says nothing new. */
  succeeded(): void {
    if (!this.on) this.#rounds = 0;
  }

  /** An operator says that the target can take more. */
  release(): void {
    this.#cancelTimer?.();
    this.#until = 0;
  }

  close(): void {
    this.#cancelTimer?.();
  }
}
