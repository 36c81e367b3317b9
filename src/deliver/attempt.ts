import type { Dispatcher } from 'undici';
import type { AttemptResponse } from '../domain/attempt.ts';
import type { Clock } from '../domain/clock.ts';
import type { AttemptResult } from './classify.ts';
import type { Deadlines, Expiring } from './deadlines.ts';
import { connectionFailure, type Failure, failure, statusFailure } from './failure.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** Past this much of an answer's body that nobody waits for, the connection is closed; the status has decided by then. */
export const ANSWER_LIMIT = 64 * 1024;

/** What is kept of an answer, to be shown: of its body, and of its headers. */
const KEPT_BODY = 4 * 1024;
const KEPT_HEADERS = 4 * 1024;

type AnswerHeaders = Record<string, string | string[] | undefined>;

function keptHeaders(headers: AnswerHeaders): [string, string][] {
  const kept: [string, string][] = [];
  let size = 0;
  for (const [name, values] of Object.entries(headers)) {
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) {
      size += name.length + value.length;
      if (size > KEPT_HEADERS) return kept;
      kept.push([name, value]);
    }
  }
  return kept;
}

/**
 * One HTTP request as undici reports it, from connecting to the last byte that is read. It ends once: by the answer,
 * an error, its deadline or {@link abort}, whichever comes first; what undici reports later is passed over.
 */
export class HttpAttempt implements Dispatcher.DispatchHandler, Expiring {
  endsAt = 0;
  before: Expiring | null = null;
  after: Expiring | null = null;
  /** Wall time, ms. */
  readonly startedAt: number;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #whole: WholeAnswer | null;
  readonly #done: (result: AttemptResult) => void;
  readonly #began: number;
  #controller: Dispatcher.DispatchController | null = null;
  #ended = false;
  #statusCode: number | null = null;
  #headers: AnswerHeaders = {};
  #kept: Buffer | null = null;
  #size = 0;

  /** @param whole keeps the answer for those who wait for it, or null */
  constructor(clock: Clock, deadlines: Deadlines, whole: WholeAnswer | null, done: (result: AttemptResult) => void) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#whole = whole;
    this.#done = done;
    this.startedAt = clock.now();
    this.#began = clock.monotonic();
    deadlines.begin(this, this.#began);
  }

  expire(): void {
    this.#end(failure('timeout'));
  }

  /** Ends the attempt now; it may have reached the target all the same. */
  abort(code: 'cancelled' | 'interrupted'): void {
    this.#end(failure(code));
  }

  /** Ends an attempt that was not sent at all. */
  refuse(code: 'loop'): void {
    this.#end(failure(code));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It ended while it waited for its connection.
    if (this.#ended) this.#close();
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number, headers: AnswerHeaders): void {
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    this.#headers = headers;
    this.#whole?.begin(statusCode, controller.rawHeaders);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#size < KEPT_BODY) {
      const part = chunk.subarray(0, KEPT_BODY - this.#size);
      this.#kept = this.#kept === null ? part : Buffer.concat([this.#kept, part]);
    }
    this.#size += chunk.length;
    const isWanted = this.#whole?.take(chunk) === true;
    if (this.#size > ANSWER_LIMIT && !isWanted) this.#end(this.#verdict());
  }

  onResponseEnd(): void {
    // Nothing is left to close, and the connection serves the next attempt.
    this.#controller = null;
    this.#whole?.complete();
    this.#end(this.#verdict());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#controller = null;
    this.#end(connectionFailure(error));
  }

  #verdict(): Failure | null {
    const statusCode = this.#statusCode ?? 0;
    return statusCode >= 200 && statusCode < 300 ? null : statusFailure(statusCode);
  }

  #end(outcome: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadlines.end(this);
    this.#close();
    const { retry, response } = this.#answer();
    this.#done({
      startedAt: this.startedAt,
      durationMs: this.#clock.monotonic() - this.#began,
      statusCode: this.#statusCode,
      failure: outcome,
      response,
      retryAfter: retry,
    });
  }

  #answer(): { retry: string | undefined; response: AttemptResponse | null } {
    if (this.#statusCode === null) return { retry: undefined, response: null };
    const retry = this.#headers['retry-after'];
    return {
      retry: typeof retry === 'string' ? retry : retry?.[0],
      response: {
        headers: keptHeaders(this.#headers),
        body: this.#kept === null ? '' : this.#kept.toString('utf8'),
        truncated: this.#size > KEPT_BODY,
      },
    };
  }

  #close(): void {
    const controller = this.#controller;
    this.#controller = null;
    controller?.abort(new Error('the attempt has ended'));
  }
}
