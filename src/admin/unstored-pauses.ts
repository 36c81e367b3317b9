import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';

const TRY_AGAIN_MS = 1000;

interface Unstored {
  reason: string | null;
}

/** Pauses that are in effect and not on disk yet: each is tried until it is, or until somebody decides otherwise. */
export class UnstoredPauses {
  readonly #store: (target: string, reason: string | null) => Promise<void>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, Unstored>();
  #closed = false;

  constructor(store: (target: string, reason: string | null) => Promise<void>, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  add(target: string, reason: string | null): void {
    const pause = { reason };
    this.#waiting.set(target, pause);
    void this.#try(target, pause, true);
  }

  /** Tries no more. @returns what was not on disk yet, or null */
  drop(target: string): Unstored | null {
    const pause = this.#waiting.get(target) ?? null;
    this.#waiting.delete(target);
    return pause;
  }

  close(): void {
    this.#closed = true;
  }

  async #try(target: string, pause: Unstored, isFirst: boolean): Promise<void> {
    if (this.#closed || this.#waiting.get(target) !== pause) return;
    try {
      await this.#store(target, pause.reason);
    } catch (error) {
      if (isFirst) this.#logger.error({ target, err: error }, 'pause cannot be stored: it is in effect, and tried again');
      if (!this.#closed) this.#clock.after(TRY_AGAIN_MS, () => void this.#try(target, pause, false));
      return;
    }
    if (this.#waiting.get(target) === pause) this.#waiting.delete(target);
  }
}
