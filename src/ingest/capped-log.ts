import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';

const LINES_PER_SECOND = 20;

/** Writes the first lines of each second, then one that counts the rest: a flood cannot fill the log. */
export class CappedLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #message: string;
  #lines = 0;
  #withheld = 0;
  #cancelSummary: (() => void) | null = null;

  /** All lines have the same message. */
  constructor(logger: Logger, clock: Clock, message: string) {
    this.#logger = logger;
    this.#clock = clock;
    this.#message = message;
  }

  info(record: object): void {
    this.#cancelSummary ??= this.#clock.after(1_000, () => this.#summarise());
    this.#lines += 1;
    if (this.#lines > LINES_PER_SECOND) this.#withheld += 1;
    else this.#logger.info(record, this.#message);
  }

  /** Writes the count that is due, if any. */
  close(): void {
    this.#cancelSummary?.();
    this.#summarise();
  }

  #summarise(): void {
    if (this.#withheld > 0) this.#logger.info({ of: this.#message, count: this.#withheld }, 'lines_withheld');
    this.#lines = 0;
    this.#withheld = 0;
    this.#cancelSummary = null;
  }
}
