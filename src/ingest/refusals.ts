import type { Clock } from '../domain/clock.ts';
import { CREDENTIAL_MARK } from '../domain/credential-mark.ts';
import type { HeaderList } from '../domain/event.ts';
import type { Logger } from '../domain/logger.ts';
import type { IngestObserver, RejectionLog } from './ports.ts';
import type { ProblemAnswer } from './problems.ts';
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
  body: Buffer | null;
}

const BODY_START_BYTES = 2048;
const LOGGED_PATH_CHARS = 256;
/** Records of refusals: a scanner must not push out the ones that an operator looks for. */
const RECORDS = { perSecond: 20, burst: 100 };
const LINES_PER_SECOND = 20;

/** Tells of every refusal: counted always, logged and recorded up to a rate. */
export class Refusals {
  readonly #records = { routed: new TokenBucket(RECORDS), unknown: new TokenBucket(RECORDS) };
  readonly #to: { rejections: RejectionLog; observer: IngestObserver; logger: Logger; clock: Clock };
  #lines = 0;
  #withheld = 0;
  #cancelSummary: (() => void) | null = null;

  constructor(to: { rejections: RejectionLog; observer: IngestObserver; logger: Logger; clock: Clock }) {
    this.#to = to;
  }

  report(refusal: Refusal): void {
    const { route, problem } = refusal;
    this.#to.observer.rejected(route, problem.code, problem.status);
    this.#log(refusal);
    // What the store cannot take, it cannot keep a record of either.
    if (problem.status === 503 && problem.code !== 'in_flight_full') return;
    const bucket = route === null ? this.#records.unknown : this.#records.routed;
    if (bucket.take(this.#to.clock.monotonic())) this.#record(refusal);
  }

  /** Writes the summary that is due, if any. */
  close(): void {
    this.#cancelSummary?.();
    this.#summarise();
  }

  #record(refusal: Refusal): void {
    this.#to.rejections.record({
      route: refusal.route,
      at: this.#to.clock.now(),
      reason: refusal.problem.code,
      explanation: refusal.explanation,
      peer: refusal.peer,
      status: refusal.problem.status,
      headers: redacted(refusal.headers),
      bodyStart: refusal.body === null ? '' : refusal.body.toString('utf8', 0, BODY_START_BYTES),
    });
  }

  /** The first lines of each second, then one that counts the rest: a flood cannot fill the log. */
  #log(refusal: Refusal): void {
    this.#cancelSummary ??= this.#to.clock.after(1_000, () => this.#summarise());
    this.#lines += 1;
    if (this.#lines > LINES_PER_SECOND) {
      this.#withheld += 1;
      return;
    }
    const { route, problem, explanation, peer, method } = refusal;
    const path = refusal.path?.slice(0, LOGGED_PATH_CHARS) ?? null;
    const record = { route, reason: problem.code, status: problem.status, explanation, peer, method, path };
    this.#to.logger.info({ ...record, bodyBytes: refusal.body?.length ?? null }, 'request_refused');
  }

  #summarise(): void {
    if (this.#withheld > 0) this.#to.logger.info({ count: this.#withheld }, 'more_requests_refused');
    this.#lines = 0;
    this.#withheld = 0;
    this.#cancelSummary = null;
  }
}

/** Parts of header names whose values may be secrets, also of senders that are not ours. */
const SECRET_NAMES = ['authorization', 'cookie', 'token', 'secret', 'password', 'api-key', 'apikey', 'access-key'];

/** A refused credential may be a right one elsewhere, so none is kept. Signatures are no secrets. */
function redacted(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) => {
    const lower = name.toLowerCase();
    return [name, SECRET_NAMES.some((part) => lower.includes(part)) ? CREDENTIAL_MARK : value];
  });
}
