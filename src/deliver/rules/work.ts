import type { EventContent } from '../../domain/leased-delivery.ts';

/** The expressions of one edge, JSONata; null for those that are not configured. */
export interface Expressions {
  filter: string | null;
  body: string | null;
  headers: string | null;
}

/** What is asked about one event. Goes between processes, so it is plain data. */
export interface Work {
  id: number;
  expressions: Expressions;
  event: EventContent;
}

/** What the work is at: reading the body, or evaluating one of the expressions. */
export type Step = 'payload' | keyof Expressions;

export type RuleFailureCode = 'filter_failed' | 'transform_failed' | 'expression_timeout';

/** What came of it. */
export type Verdict =
  | { kind: 'filtered' }
  | {
      kind: 'passes';
      /** Takes the place of the body; null when it stays as it is. */
      body: { bytes: Uint8Array; isJson: boolean } | null;
      /** Headers to be set, or taken out (null). */
      headers: readonly (readonly [name: string, value: string | null])[];
    }
  | {
      kind: 'failed';
      code: RuleFailureCode;
      /** Says why, without a piece of the event. */
      message: string;
    };

const NAMES: Record<Step, string> = {
  payload: 'reading the body',
  filter: 'the filter',
  body: 'the transform of the body',
  headers: 'the transform of the headers',
};

/** @param step what it was at; reading the body is counted to the first expression that wanted it */
export function failed(expressions: Expressions, step: Step, message: string): Verdict {
  const isFilter = step === 'filter' || (step === 'payload' && expressions.filter !== null);
  return { kind: 'failed', code: isFilter ? 'filter_failed' : 'transform_failed', message: `${NAMES[step]}: ${message}` };
}

export function timedOut(step: Step): Verdict {
  return { kind: 'failed', code: 'expression_timeout', message: `${NAMES[step]} took too long and was stopped` };
}

/** The deadline of one expression. */
const EXPRESSION_MS = 100;
/** Reading a body is linear in its length and comes to an end: this is for a slow machine, and many small objects. */
const READ_MS = 1_000;
const READ_MS_PER_MIB = 100;

/** How long a step may take, ms. @param bytes length of the body */
export function deadlineOf(step: Step, bytes: number): number {
  return step === 'payload' ? READ_MS + (bytes / (1024 * 1024)) * READ_MS_PER_MIB : EXPRESSION_MS;
}
