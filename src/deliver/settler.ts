import type { Attempt, Settlement } from '../domain/attempt.ts';
import type { Clock } from '../domain/clock.ts';
import type { Lease } from '../domain/delivery.ts';
import type { Logger } from '../domain/logger.ts';
import type { DeliveryQueue, SettleResult } from './ports.ts';

/** An attempt whose result is not on disk yet, or the end of a delivery without one (null). */
export interface Unsettled {
  delivery: { id: string; lease: Lease };
  attempt: Attempt | null;
  outcome: Settlement;
  settled(result: SettleResult['kind']): void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/**
 * Brings results to disk. While they cannot be stored they stay here, nothing new is attempted ({@link blocked}), and
 * one of them is tried again with growing pauses of up to a second; when one succeeds, all are.
 */
export class Settler {
  readonly #queue: DeliveryQueue;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #unblocked: () => void;
  readonly #waiting: Unsettled[] = [];
  #unsettled = 0;
  #blocked = false;
  #failures = 0;
  #givenUp = false;
  #cancelRetry: (() => void) | null = null;
  #drained: (() => void) | null = null;

  constructor(queue: DeliveryQueue, clock: Clock, logger: Logger, unblocked: () => void) {
    this.#queue = queue;
    this.#clock = clock;
    this.#logger = logger;
    this.#unblocked = unblocked;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  settle(result: Unsettled): void {
    this.#unsettled += 1;
    if (this.#blocked) this.#waiting.push(result);
    else this.#store(result);
  }

  /** Resolves when all results are on disk, or after `withinMs`; then gives up what is left. @returns how many */
  async flush(withinMs: number): Promise<number> {
    if (this.#unsettled > 0) {
      await new Promise<void>((resolve) => {
        const cancelTimer = this.#clock.after(withinMs, resolve);
        this.#drained = () => {
          cancelTimer();
          resolve();
        };
      });
    }
    this.#givenUp = true;
    this.#cancelRetry?.();
    return this.#unsettled;
  }

  #store(result: Unsettled): void {
    this.#queue.settle(result.delivery, result.attempt, result.outcome).then(
      ({ kind }) => {
        this.#unsettled -= 1;
        if (this.#blocked) this.#unblock();
        result.settled(kind);
        if (this.#unsettled === 0) this.#drained?.();
      },
      (error: unknown) => this.#block(result, error),
    );
  }

  #block(result: Unsettled, error: unknown): void {
    // At the back: should the store refuse one only, the next try is made with another.
    this.#waiting.push(result);
    if (!this.#blocked) {
      this.#blocked = true;
      this.#logger.error({ err: error }, 'results cannot be stored: dispatching stops until they can');
    }
    if (this.#cancelRetry !== null || this.#givenUp) return;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#cancelRetry = this.#clock.after(pause, () => {
      this.#cancelRetry = null;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#store(next);
    });
  }

  #unblock(): void {
    this.#blocked = false;
    this.#failures = 0;
    this.#logger.info({ waiting: this.#waiting.length }, 'results are stored again: dispatching goes on');
    for (const result of this.#waiting.splice(0)) this.#store(result);
    this.#unblocked();
  }
}
