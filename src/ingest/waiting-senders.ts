import type { ServerResponse } from 'node:http';
import type { ProxyConfig } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';
import type { AwaitedResult, TargetAnswer } from '../domain/target-answer.ts';
import type { InFlightBytes } from './in-flight.ts';
import { passBack } from './passed-back.ts';
import type { IngestObserver, ProxyAnswers, ProxyOutcome } from './ports.ts';

/** A sender whose event is on disk, on a route in proxy mode. */
export interface WaitingSender {
  response: ServerResponse;
  route: string;
  proxy: ProxyConfig;
  eventId: string;
  /** False for a duplicate. */
  isFirst: boolean;
  /** When the head of its request was read, monotonic ms. */
  startedAt: number;
  /** Writes the route's acknowledgement. */
  acknowledge(): void;
  /** Called once it is answered. @param outcome null for a duplicate that had nothing to wait for */
  answered(outcome: ProxyOutcome | null): void;
}

/** When the relay stops, senders wait no longer than this: the listener closes 5 s after it began to drain. */
export const DRAIN_PATIENCE_MS = 3_000;

/** A sender that does not take its answer in this time is cut off: the answer is memory that others need. */
const READING_MS = 10_000;

/**
 * Senders that wait for the answer of a target. Each is answered once: by the target's answer, or by the
 * acknowledgement when that does not come in time, is none, or cannot be had. The delivery does not depend on any of it.
 */
export class WaitingSenders {
  readonly #answers: ProxyAnswers;
  readonly #observer: IngestObserver;
  readonly #clock: Clock;
  /** Bodies of answers on their way out count as those of requests on their way in. */
  readonly #inFlight: InFlightBytes;
  readonly #lateOnes = new Set<() => void>();
  /** Monotonic ms after which nobody waits any more. */
  #until = Number.POSITIVE_INFINITY;
  #cancelDrain: (() => void) | null = null;

  constructor(answers: ProxyAnswers, observer: IngestObserver, clock: Clock, inFlight: InFlightBytes) {
    this.#answers = answers;
    this.#observer = observer;
    this.#clock = clock;
    this.#inFlight = inFlight;
  }

  /** Takes a sender over, in the reaction to its append: see {@link ProxyAnswers}. @param isClosing asked when it is answered */
  wait(sender: WaitingSender, isClosing: () => boolean): void {
    const { proxy, eventId, isFirst } = sender;
    const left = Math.min(sender.startedAt + proxy.deadlineMs, this.#until) - this.#clock.monotonic();
    if (left <= 0) {
      this.#answer(sender, 'late');
      return;
    }
    const told = (result: AwaitedResult): void => {
      end();
      this.#finish(sender, result, isClosing());
    };
    const forget = this.#answers.awaitAnswer({ id: eventId, target: proxy.target, isFirst }, told);
    if (forget === null) {
      this.#answer(sender, isFirst ? 'not_started' : null);
      return;
    }
    const late = (): void => {
      end();
      forget();
      this.#answer(sender, 'late');
    };
    const cancelTimer = this.#clock.after(left, late);
    const end = (): void => {
      cancelTimer();
      this.#lateOnes.delete(late);
    };
    this.#lateOnes.add(late);
  }

  /** The relay stops: who waits now, or comes to wait, waits {@link DRAIN_PATIENCE_MS} at most. */
  drain(): void {
    if (this.#cancelDrain !== null) return;
    this.#until = this.#clock.monotonic() + DRAIN_PATIENCE_MS;
    this.#cancelDrain = this.#clock.after(DRAIN_PATIENCE_MS, () => {
      for (const late of [...this.#lateOnes]) late();
    });
  }

  close(): void {
    this.#cancelDrain?.();
  }

  #finish(sender: WaitingSender, result: AwaitedResult, closing: boolean): void {
    if (result.kind !== 'answered') this.#answer(sender, result.kind);
    else if (this.#passBack(sender, result.answer, closing)) this.#tell(sender, 'answered');
    else this.#answer(sender, 'too_large');
  }

  #answer(sender: WaitingSender, outcome: ProxyOutcome | null): void {
    sender.acknowledge();
    this.#tell(sender, outcome);
  }

  #tell(sender: WaitingSender, outcome: ProxyOutcome | null): void {
    if (outcome !== null) this.#observer.proxied(sender.route, outcome);
    sender.answered(outcome);
  }

  /** @returns false when there is no memory for it, and nothing was written */
  #passBack({ response, eventId }: WaitingSender, answer: TargetAnswer, closing: boolean): boolean {
    // A sender that has left gets nothing, and its connection would never say that it is done.
    if (response.destroyed) return true;
    const size = answer.body.length;
    if (!this.#inFlight.reserve(size)) return false;
    const cancelTimer = this.#clock.after(READING_MS, () => response.destroy());
    response.once('close', () => {
      cancelTimer();
      this.#inFlight.release(size);
    });
    passBack(response, answer, eventId, closing);
    return true;
  }
}
