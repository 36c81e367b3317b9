import type { HeaderList } from './event.ts';

/** Why an attempt was made. */
export type AttemptTrigger = 'initial' | 'retry' | 'manual' | 'replay';

/** What is kept of a target's answer: at most the first 4 KiB of the body. */
export interface AttemptResponse {
  headers: HeaderList;
  body: string;
  truncated: boolean;
}

export interface AttemptError {
  /** Stable, for example `target_status`, `timeout`, `connection_refused`. */
  code: string;
  message: string;
}

/** One finished try of a delivery. */
export interface Attempt {
  /** 1, 2, …; goes on counting after an operator's retry. */
  number: number;
  trigger: AttemptTrigger;
  /** Wall time, ms. */
  startedAt: number;
  durationMs: number;
  outcome: Outcome['kind'];
  statusCode: number | null;
  error: AttemptError | null;
  response: AttemptResponse | null;
}

/** What follows from an attempt. */
export type Outcome =
  | { kind: 'delivered' }
  /** `spentMs`: what the attempt and the wait take from a budget that has a duration; left out where it has none. */
  | { kind: 'retry'; delayMs: number; reason: string; spentMs?: number }
  | { kind: 'dead'; reason: string }
  /** Its target is to be paused; the delivery spends nothing and waits for the resume. */
  | { kind: 'paused'; reason: string };

/** What becomes of a delivery whose turn came: what follows from an attempt, or that a filter made one needless. */
export type Settlement = Outcome | { kind: 'filtered'; reason: string };
