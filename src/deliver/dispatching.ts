import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { AnswerPauses } from './answer-pauses.ts';
import type { Entry } from './attempts.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import type { HandOffRoom } from './hand-off.ts';
import type { Health } from './health.ts';
import type { BreakerRecords, DeliveryQueue } from './ports.ts';
import type { Reporter } from './reporter.ts';
import type { DeliveryRules } from './rules/delivery-rules.ts';
import type { Asked } from './rules/ruled-attempt.ts';
import type { Settler } from './settler.ts';
import type { BreakerView } from './target-breaker.ts';

/** What all targets' queues share. */
export interface Dispatching {
  queue: DeliveryQueue;
  room: HandOffRoom;
  settler: Settler;
  answers: AwaitedAnswers;
  pauses: AnswerPauses;
  reporter: Reporter;
  rules: DeliveryRules;
  evaluator: Asked;
  breakers: BreakerRecords;
  logger: Logger;
  clock: Clock;
  random: () => number;
  /** All entries of all targets, by delivery. */
  entries: Map<string, Entry>;
  /** Whether attempts may begin. */
  isOpen(): boolean;
  /** Called after every attempt. */
  ended(): void;
}

export interface TargetState extends Health {
  inFlight: number;
  queued: number;
  paused: boolean;
  /** Null while it is closed. */
  breaker: BreakerView | null;
}
