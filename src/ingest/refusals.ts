import type { Clock } from '../domain/clock.ts';
import type { HeaderList } from '../domain/event.ts';
import type { Logger } from '../domain/logger.ts';
import { CappedLog } from './capped-log.ts';
import type { IngestObserver, RejectionLog } from './ports.ts';
import type { ProblemAnswer } from './problems.ts';
import { keptBody, redactedHeaders } from './redaction.ts';
import type { SecretPlaces } from './stored-parts.ts';
import { TokenBucket } from './token-bucket.ts';

/** A refused request, as much as is known of it. */
export interface Refusal {
  route: string | null;
  problem: ProblemAnswer;
  /** For operators: what to look at. Holds no secret. */
  explanation: string;
  peer: string;
  method: string | null;
  path: string | null;
  headers: HeaderList;
  contentType: string | null;
  body: Buffer | null;
  /** Where the route's senders carry secrets: what stands there is not kept. */
  secrets: SecretPlaces;
}

const LOGGED_PATH_CHARS = 256;
/** Records of refusals: a scanner must not push out the ones that an operator looks for. */
const RECORDS = { perSecond: 20, burst: 100 };

/** These say nothing about the store. */
const RECORDED_503: readonly string[] = ['in_flight_full', 'backlog_full', 'key_unavailable', 'confirmation_failed'];

/** Tells of every refusal: counted always, logged and recorded up to a rate. */
export class Refusals {
  readonly #records = { routed: new TokenBucket(RECORDS), unknown: new TokenBucket(RECORDS) };
  readonly #rejections: RejectionLog;
  readonly #observer: IngestObserver;
  readonly #clock: Clock;
  readonly #lines: CappedLog;

  constructor(to: { rejections: RejectionLog; observer: IngestObserver; logger: Logger; clock: Clock }) {
    this.#rejections = to.rejections;
    this.#observer = to.observer;
    this.#clock = to.clock;
    this.#lines = new CappedLog(to.logger, to.clock, 'request_refused');
  }

  report(refusal: Refusal): void {
    const { route, problem } = refusal;
    this.#observer.rejected(route, problem.code, problem.status);
    this.#log(refusal);
    // What the store cannot take, it cannot keep a record of either.
    if (problem.status === 503 && !RECORDED_503.includes(problem.code)) return;
    const bucket = route === null ? this.#records.unknown : this.#records.routed;
    if (bucket.take(this.#clock.monotonic())) this.#record(refusal);
  }

  close(): void {
    this.#lines.close();
  }

  #record(refusal: Refusal): void {
    const { headers, contentType, body, secrets } = refusal;
    this.#rejections.record({
      route: refusal.route,
      at: this.#clock.now(),
      reason: refusal.problem.code,
      explanation: refusal.explanation,
      peer: refusal.peer,
      status: refusal.problem.status,
      headers: redactedHeaders(headers, secrets),
      bodyStart: body === null ? '' : keptBody(body, contentType, secrets),
    });
  }

  #log(refusal: Refusal): void {
    const { route, problem, explanation, peer, method } = refusal;
    const path = refusal.path?.slice(0, LOGGED_PATH_CHARS) ?? null;
    const bodyBytes = refusal.body?.length ?? null;
    this.#lines.info({ route, reason: problem.code, status: problem.status, explanation, peer, method, path, bodyBytes });
  }
}
