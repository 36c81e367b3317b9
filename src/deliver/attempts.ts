import type { TargetConfig } from '../config/types.ts';
import type { Attempt, Outcome } from '../domain/attempt.ts';
import type { Clock } from '../domain/clock.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import type { AnswerPauses } from './answer-pauses.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import { type AttemptResult, classify } from './classify.ts';
import { BLAMES_TARGET } from './failure.ts';
import { type Health, TargetHealth } from './health.ts';
import type { SettleResult } from './ports.ts';
import type { Reporter } from './reporter.ts';
import type { DeliveryRules } from './rules/delivery-rules.ts';
import { type Asked, startRuled } from './rules/ruled-attempt.ts';
import type { Settler } from './settler.ts';
import type { HttpTarget, RunningAttempt } from './targets/http.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** A delivery in memory, from its lease until its result is on disk. */
export interface Entry {
  readonly delivery: LeasedDelivery;
  /** The queue that it stands in. */
  readonly lane: { cancel(entry: Entry): void };
  stage: 'queued' | 'running' | 'settling' | 'withdrawn';
  attempt: RunningAttempt | null;
}

/** The endpoint and the configuration that it was made from. */
export interface Destination {
  http: HttpTarget;
  config: TargetConfig;
}

/** What is needed to make an attempt and to bring its result to the store. */
export interface Attempting {
  settler: Settler;
  answers: AwaitedAnswers;
  pauses: AnswerPauses;
  reporter: Reporter;
  rules: DeliveryRules;
  evaluator: Asked;
  logger: Logger;
  clock: Clock;
  /** A number in [0, 1). */
  random: () => number;
}

/** What the attempts tell the queue that starts them. */
export interface AttemptOwner {
  /** Called once for each, when its place is free; its result may not be on disk yet. An interrupted one is not settled. */
  ended(entry: Entry, result: AttemptResult): void;
  /** Called in place of {@link ended} when a filter made the attempt needless: its place is free, and the target got nothing. */
  passedOver(entry: Entry): void;
  /** The result is on disk, or its lease was gone. @param retryInMs when it is due again, or null */
  settled(entry: Entry, retryInMs: number | null): void;
}

/** The attempts on one target: from the request to the result in the store. */
export class TargetAttempts {
  readonly #shared: Attempting;
  readonly #owner: AttemptOwner;
  readonly #health: TargetHealth;
  #inFlight = 0;

  constructor(target: string, shared: Attempting, owner: AttemptOwner) {
    this.#shared = shared;
    this.#owner = owner;
    this.#health = new TargetHealth(target, shared.logger);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get health(): Health {
    return this.#health.view;
  }

  start(entry: Entry, { http, config }: Destination): void {
    this.#inFlight += 1;
    entry.stage = 'running';
    const whole = this.#shared.answers.begin(entry.delivery);
    const done = (result: AttemptResult): void => this.#ended(entry, result, config, whole);
    const rules = this.#shared.rules.of(entry.delivery);
    const attempt =
      rules === null
        ? http.send(entry.delivery, whole, done)
        : startRuled(
            entry.delivery,
            rules,
            { http, whole, done, filtered: (reason) => this.#filtered(entry, reason, whole) },
            this.#shared,
          );
    if (entry.stage === 'running') entry.attempt = attempt;
  }

  #ended(entry: Entry, result: AttemptResult, config: TargetConfig, whole: WholeAnswer | null): void {
    this.#inFlight -= 1;
    // Before the result is on disk: the event is there, and a crash in between repeats the attempt, as it may.
    if (whole !== null) this.#shared.answers.ended(entry.delivery.event.id, whole, result.failure === null);
    entry.attempt = null;
    entry.stage = 'settling';
    if (result.failure?.code !== 'interrupted') this.#settle(entry, result, config);
    this.#owner.ended(entry, result);
  }

  #filtered(entry: Entry, reason: string, whole: WholeAnswer | null): void {
    const { delivery } = entry;
    const { answers, reporter, settler } = this.#shared;
    this.#inFlight -= 1;
    if (whole !== null) answers.filtered(delivery.event.id, whole);
    entry.attempt = null;
    entry.stage = 'settling';
    reporter.filtered(delivery, reason);
    const outcome = { kind: 'filtered', reason } as const;
    const settled = (kind: SettleResult['kind']): void => {
      reporter.settled(delivery, outcome, kind);
      this.#owner.settled(entry, null);
    };
    settler.settle({ delivery, attempt: null, outcome, settled });
    this.#owner.passedOver(entry);
  }

  #settle(entry: Entry, result: AttemptResult, config: TargetConfig): void {
    const { delivery } = entry;
    const { clock, random, settler, reporter, pauses } = this.#shared;
    const now = clock.now();
    const { attempts, budgetStart, budgetSpentMs } = delivery;
    const budget = { policy: config.retry, spent: attempts - budgetStart + 1, spentMs: budgetSpentMs };
    const outcome = classify(result, budget, now, random());
    const attempt: Attempt = {
      number: delivery.attempts + 1,
      trigger: delivery.trigger,
      startedAt: result.startedAt,
      durationMs: Math.round(result.durationMs * 10) / 10,
      outcome: outcome.kind,
      statusCode: result.statusCode,
      error: result.failure,
      response: result.response,
    };
    reporter.attempted(delivery, attempt, outcome, now);
    if (result.failure === null) this.#health.succeeded(now);
    else if (BLAMES_TARGET[result.failure.code]) this.#health.failed(now, result.failure);
    if (outcome.kind === 'paused') {
      // Before the place of this attempt is given to another.
      pauses.asked(delivery.target, { statusCode: result.statusCode ?? 0, config, durationMs: result.durationMs });
    }
    const settled = (kind: SettleResult['kind']): void => {
      reporter.settled(delivery, outcome, kind);
      this.#owner.settled(entry, kind === 'settled' ? dueIn(outcome) : null);
    };
    settler.settle({ delivery, attempt, outcome, settled });
  }
}

/** When a settled delivery is due again, ms from now; null for one that is finished. */
function dueIn(outcome: Outcome): number | null {
  if (outcome.kind === 'retry') return outcome.delayMs;
  return outcome.kind === 'paused' ? 0 : null;
}
