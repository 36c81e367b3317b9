import type { EdgeRules } from '../../config/types.ts';
import type { Clock } from '../../domain/clock.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';
import type { AttemptResult } from '../classify.ts';
import { type Failure, failure, ruleFailure } from '../failure.ts';
import type { HttpTarget, RunningAttempt } from '../targets/http.ts';
import type { WholeAnswer } from '../whole-answer.ts';
import { applied, filterReason, UNCHANGED } from './apply.ts';
import { hasExpressions } from './delivery-rules.ts';
import type { Verdict, Work } from './work.ts';

/** Who answers what expressions say about an event. */
export interface Asked {
  ask(asker: string, work: Omit<Work, 'id'>, answered: (verdict: Verdict) => void): () => void;
}

/** Where a delivery goes, and who hears how it ended: one of the two is called, exactly once. */
export interface RuledSend {
  http: HttpTarget;
  whole: WholeAnswer | null;
  done(result: AttemptResult): void;
  /** A filter says that the target does not get it; nothing was sent. */
  filtered(reason: string): void;
}

/** An attempt by the rules of its edge: first they are asked, then what came of it is sent, if it is. */
class RuledAttempt implements RunningAttempt {
  readonly #delivery: LeasedDelivery;
  readonly #rules: EdgeRules;
  readonly #send: RuledSend;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #began: number;
  #forget: (() => void) | null = null;
  #sent: RunningAttempt | null = null;

  constructor(delivery: LeasedDelivery, rules: EdgeRules, send: RuledSend, clock: Clock) {
    this.#delivery = delivery;
    this.#rules = rules;
    this.#send = send;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#began = clock.monotonic();
  }

  ask(asked: Asked): void {
    const { filter, transform } = this.#rules;
    const { target, event } = this.#delivery;
    const expressions = { filter, body: transform.body, headers: transform.headers };
    this.#forget = asked.ask(target, { expressions, event }, (verdict) => this.#answered(verdict));
  }

  abort(code: 'cancelled' | 'interrupted'): void {
    if (this.#sent !== null) {
      this.#sent.abort(code);
      return;
    }
    if (this.#forget === null) return;
    this.#forget();
    this.#forget = null;
    this.#fail(failure(code));
  }

  #answered(verdict: Verdict): void {
    this.#forget = null;
    switch (verdict.kind) {
      case 'filtered':
        this.#send.filtered(filterReason(this.#rules.filter ?? ''));
        return;
      case 'failed':
        this.#fail(ruleFailure(verdict.code, verdict.message));
        return;
      case 'passes':
        this.#sent = sendApplied(this.#delivery, this.#rules, this.#send, verdict);
        return;
      default:
        verdict satisfies never;
    }
  }

  #fail(cause: Failure): void {
    const durationMs = this.#clock.monotonic() - this.#began;
    const nothingCame = { statusCode: null, response: null, retryAfter: undefined };
    this.#send.done({ startedAt: this.#startedAt, durationMs, failure: cause, ...nothingCame });
  }
}

function sendApplied(
  delivery: LeasedDelivery,
  rules: EdgeRules,
  { http, whole, done }: RuledSend,
  verdict: Extract<Verdict, { kind: 'passes' }>,
): RunningAttempt {
  return http.send(applied(delivery, rules, verdict), whole, done, rules.path);
}

/** Starts an attempt by the rules of its edge. Without expressions nothing is waited for, and it may end before this returns. */
export function startRuled(
  delivery: LeasedDelivery,
  rules: EdgeRules,
  send: RuledSend,
  { evaluator, clock }: { evaluator: Asked; clock: Clock },
): RunningAttempt {
  if (!hasExpressions(rules)) return sendApplied(delivery, rules, send, UNCHANGED);
  const attempt = new RuledAttempt(delivery, rules, send, clock);
  attempt.ask(evaluator);
  return attempt;
}
