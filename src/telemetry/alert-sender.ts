import pRetry, { type RetryContext } from 'p-retry';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';

/** Waits between tries, ms, doubling; the number of waits is the number of retries. */
export interface SendRetries {
  count: number;
  firstWaitMs: number;
}

/** `unreachable` may get better by itself; `refused` needs a person: the receiver does not want it. */
export type SendOutcome = { kind: 'delivered' } | { kind: 'unreachable' | 'refused'; code: string };

/** One message on its way to a destination. */
export interface Outgoing {
  /** What the log says of it. */
  label: { kind: string; key: string; state: string };
  body: object;
  ended(outcome: SendOutcome): void;
}

const ATTEMPT_TIMEOUT_MS = 10_000;
/** What a receiver that is down, or a flood, may leave in memory; past it the newest is dropped, with a line in the log. */
const MOST_WAITING = 50;
/** The longest that a receiver's Retry-After is followed. */
const LONGEST_PAUSE_MS = 60_000;
/** About two minutes in all: longer than a restart of a receiver takes. */
const DEFAULT_RETRIES: SendRetries = { count: 6, firstWaitMs: 1_000 };

/**
 * Posts to one URL, one message after the other, so that an end never overtakes its beginning. Nothing here blocks or
 * throws. The URL is a secret: only `host` is ever written.
 */
export class AlertSender {
  readonly host: string;
  readonly #url: string;
  readonly #logger: Logger;
  readonly #retries: SendRetries;
  readonly #waiting: Outgoing[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  constructor(url: string, host: string, logger: Logger, retries: SendRetries = DEFAULT_RETRIES) {
    this.#url = url;
    this.host = host;
    this.#logger = logger;
    this.#retries = retries;
  }

  send(message: Outgoing): void {
    if (this.#stop.signal.aborted || this.#waiting.length >= MOST_WAITING) {
      this.#end(message, { kind: 'unreachable', code: 'too_many_alerts' });
      return;
    }
    this.#waiting.push(message);
    this.#running ??= this.#drain();
  }

  /** One try, at once, past all that waits. Never rejects. */
  async sendNow(body: object): Promise<SendOutcome> {
    try {
      await this.#post(body);
      return { kind: 'delivered' };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Gives what waits `graceMs` to arrive, then gives it up. */
  async close(clock: Clock, graceMs: number): Promise<void> {
    const cancel = clock.after(graceMs, () => this.#stop.abort());
    await this.#running;
    cancel();
    this.#stop.abort();
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#end(next, await this.#deliver(next.body));
    }
    this.#running = null;
  }

  #end({ label, ended }: Outgoing, outcome: SendOutcome): void {
    // Only the code: the text of a request's error names the URL.
    if (outcome.kind !== 'delivered') {
      this.#logger.warn({ ...label, to: this.host, code: outcome.code }, 'alert not delivered');
    }
    ended(outcome);
  }

  async #deliver(body: object): Promise<SendOutcome> {
    try {
      const { count: retries, firstWaitMs: minTimeout } = this.#retries;
      const { signal } = this.#stop;
      const onFailedAttempt = (context: RetryContext): Promise<void> => this.#pause(context);
      const shouldRetry = ({ error }: RetryContext): boolean => !(error instanceof NotTaken && error.isFinal);
      await pRetry(() => this.#post(body), { retries, minTimeout, signal, onFailedAttempt, shouldRetry });
      return { kind: 'delivered' };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  async #post(body: object): Promise<void> {
    const { default: got } = await import('got'); // loaded for the first alert: it takes 9 MB of memory, and most relays never send one
    const { statusCode, headers } = await got.post(this.#url, {
      json: body,
      timeout: { request: ATTEMPT_TIMEOUT_MS },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false, // and a redirect would be no error to it
      signal: this.#stop.signal,
    });
    if (statusCode < 200 || statusCode > 299) throw new NotTaken(statusCode, Number(headers['retry-after'] ?? 0));
  }

  /** What the receiver asks for; the schedule's own wait comes on top. */
  async #pause({ error, retriesLeft }: RetryContext): Promise<void> {
    const seconds = error instanceof NotTaken && !error.isFinal ? error.retryAfter : 0;
    if (!(seconds > 0) || retriesLeft === 0 || this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, Math.min(seconds * 1000, LONGEST_PAUSE_MS));
      this.#stop.signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** The receiver has answered, and it is no 2xx. */
class NotTaken extends Error {
  readonly status: number;
  /** Seconds; 0 or NaN when it did not say. */
  readonly retryAfter: number;

  constructor(status: number, retryAfter: number) {
    super(`answered ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** A redirect (never followed) and a refusal do not get better by trying again; 408 and 429 do. */
  get isFinal(): boolean {
    return this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

function outcomeOf(error: unknown): SendOutcome {
  if (error instanceof NotTaken) return { kind: error.isFinal ? 'refused' : 'unreachable', code: `http_${error.status}` };
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return { kind: 'unreachable', code: error.code };
  }
  return { kind: 'unreachable', code: error instanceof Error ? error.name : 'unknown' };
}
