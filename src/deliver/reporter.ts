import type { Attempt, Outcome, Settlement } from '../domain/attempt.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import type { DeliverObserver, SettleResult } from './ports.ts';

function describe(delivery: LeasedDelivery, { number, trigger, statusCode, error, durationMs }: Attempt): object {
  const { id: eventId, route, type } = delivery.event;
  const names = { target: delivery.target, deliveryId: delivery.id, eventId, route, type };
  return { ...names, attempt: number, trigger, statusCode, error, durationMs };
}

/** Tells the observer and the log what attempts brought: one wide line for each that failed. */
export class Reporter {
  readonly #observer: DeliverObserver;
  readonly #logger: Logger;
  readonly #logSuccesses: boolean;

  /** @param logSuccesses whether somebody reads debug lines: making one for each success is not free */
  constructor(observer: DeliverObserver, logger: Logger, logSuccesses: boolean) {
    this.#observer = observer;
    this.#logger = logger;
    this.#logSuccesses = logSuccesses;
  }

  /** @param now wall ms of its end */
  attempted(delivery: LeasedDelivery, attempt: Attempt, outcome: Outcome, now: number): void {
    this.#observer.attempt(delivery.target, outcome.kind, attempt.statusCode, attempt.durationMs / 1000);
    switch (outcome.kind) {
      case 'delivered':
        // A clock that was set back makes it negative, which no histogram can count.
        this.#observer.delivered(delivery.target, Math.max(0, now - delivery.event.receivedAt) / 1000);
        if (this.#logSuccesses) this.#logger.debug(describe(delivery, attempt), 'delivered');
        break;
      case 'retry':
        this.#logger.info({ ...describe(delivery, attempt), retryInMs: outcome.delayMs }, 'attempt failed');
        break;
      case 'dead':
        this.#logger.warn({ ...describe(delivery, attempt), reason: outcome.reason }, 'attempt failed for good');
        break;
      case 'paused':
        this.#logger.info({ ...describe(delivery, attempt), reason: outcome.reason }, 'attempt failed and pauses its target');
        break;
      default:
        outcome satisfies never;
    }
  }

  /** A filter ended a delivery without an attempt. */
  filtered(delivery: LeasedDelivery, reason: string): void {
    if (!this.#logSuccesses) return;
    const { id: eventId, route, type } = delivery.event;
    this.#logger.debug({ target: delivery.target, deliveryId: delivery.id, eventId, route, type, reason }, 'filtered');
  }

  /** The result is on disk, or its lease was gone. */
  settled(delivery: LeasedDelivery, outcome: Settlement, kind: SettleResult['kind']): void {
    const { target, id: deliveryId } = delivery;
    if (kind === 'stale') {
      this.#logger.warn({ target, deliveryId, outcome: outcome.kind }, 'result dropped: its lease is gone');
      return;
    }
    this.#observer.settled(delivery, outcome.kind);
    if (outcome.kind === 'dead' && outcome.reason !== 'cancelled') {
      this.#observer.dead(target, deliveryId, outcome.reason);
    } else if (outcome.kind === 'filtered') {
      this.#observer.filtered(target);
    }
  }

  breakerOpened(target: string, reason: string, probeInMs: number): void {
    this.#logger.warn({ target, reason, probeInMs }, 'breaker opened: nothing is attempted until a probe succeeds');
    this.#observer.breakerOpened(target, reason);
  }

  breakerStaysOpen(target: string, reason: string, probeInMs: number): void {
    this.#logger.info({ target, reason, probeInMs }, 'breaker stays open');
  }

  breakerClosed(target: string, reason: string, openForMs: number): void {
    this.#logger.info({ target, reason, openForMs }, 'breaker closed');
    this.#observer.breakerClosed(target, reason);
  }
}
