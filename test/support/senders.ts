import { setTimeout as delay } from 'node:timers/promises';
import { isAcknowledged, type PostResult, postEvent } from './event-client.ts';
import type { EventLedger } from './event-ledger.ts';

const PAUSE_AFTER_FAILURE_MS = 20;

/**
 * Senders that behave as providers do: each posts one event after another, and sends an event again, with its key,
 * until it is acknowledged.
 */
export class Senders {
  /** Answers by status; `none` when none came. */
  readonly answers = new Map<string, number>();
  #url: string | null = null;
  #wake: (() => void)[] = [];
  #isStopped = false;
  readonly #ledger: EventLedger;
  readonly #running: Promise<void>;

  /** @param size of each body, bytes */
  constructor(ledger: EventLedger, count: number, size = 1024) {
    this.#ledger = ledger;
    this.#running = Promise.all(Array.from({ length: count }, (_, index) => this.#run(index, size))).then(() => undefined);
  }

  /** Where to post from now on; null: wait. */
  aim(url: string | null): void {
    this.#url = url;
    if (url === null) return;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Resolves when every event that was begun is acknowledged, so the relay must be taking events. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(index: number, size: number): Promise<void> {
    for (let number = 0; !this.#isStopped; number += 1) {
      const key = `sender-${index}-event-${number}`;
      this.#ledger.sent.add(key);
      while (!(await this.#post(key, size))) await delay(PAUSE_AFTER_FAILURE_MS);
      this.#ledger.acknowledged.add(key);
    }
  }

  async #post(key: string, size: number): Promise<boolean> {
    const url = this.#url ?? (await this.#aimed());
    const result = await postEvent(url, { key, size });
    this.#count(result);
    return isAcknowledged(result);
  }

  #count(result: PostResult): void {
    const name = result === null ? 'none' : String(result.status);
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
  }

  #aimed(): Promise<string> {
    return new Promise((resolve) => {
      this.#wake.push(() => resolve(this.#url ?? ''));
    });
  }
}
