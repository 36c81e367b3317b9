import type { Logger } from '../domain/logger.ts';
import type { Failure } from './failure.ts';

/** How a target has been doing lately. Times are wall ms. */
export interface Health {
  state: 'healthy' | 'retrying';
  /** Since when it is in this state, by its attempts; null while none has ended since the start. */
  since: number | null;
  lastError: { at: number; code: string; message: string } | null;
}

/** Follows a target by the results of its attempts, and logs when it begins to fail and when it works again. */
export class TargetHealth {
  readonly #target: string;
  readonly #logger: Logger;
  #health: Health = { state: 'healthy', since: null, lastError: null };

  constructor(target: string, logger: Logger) {
    this.#target = target;
    this.#logger = logger;
  }

  get view(): Health {
    return this.#health;
  }

  succeeded(now: number): void {
    if (this.#health.state === 'healthy') {
      if (this.#health.since === null) this.#health = { ...this.#health, since: now };
      return;
    }
    const failedForMs = now - (this.#health.since ?? now);
    this.#logger.info({ target: this.#target, failedForMs }, 'target works again');
    this.#health = { ...this.#health, state: 'healthy', since: now };
  }

  failed(now: number, { code, message }: Failure): void {
    const lastError = { at: now, code, message };
    if (this.#health.state === 'healthy') {
      this.#logger.warn({ target: this.#target, error: { code, message } }, 'target fails');
      this.#health = { state: 'retrying', since: now, lastError };
    } else {
      this.#health = { ...this.#health, lastError };
    }
  }
}
