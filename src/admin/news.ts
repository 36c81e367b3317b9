import type { Clock } from '../domain/clock.ts';
import type { LiveNews, SettledDelivery, Watcher } from './ports.ts';

/** What a watcher who is slow may leave lying. Past it he is told to look for himself. */
const MOST_KEPT = 2_000;
/** What happens together is told together. */
const GATHER_MS = 50;

/** Passes on what happens in the relay to those who watch. */
export class News implements LiveNews {
  readonly #clock: Clock;
  readonly #watchers = new Set<NewsWatcher>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Events were stored. */
  stored(): void {
    for (const watcher of this.#watchers) watcher.wake();
  }

  /** A result is on disk. */
  settled(delivery: SettledDelivery): void {
    for (const watcher of this.#watchers) watcher.settled(delivery);
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  watch(): Watcher {
    const watcher = new NewsWatcher(this.#clock, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }
}

class NewsWatcher implements Watcher {
  readonly #clock: Clock;
  readonly #closed: () => void;
  #settled: SettledDelivery[] = [];
  #missed = false;
  /** News that came while nobody waited is remembered. */
  #isNews = false;
  #end: (() => void) | null = null;

  constructor(clock: Clock, closed: () => void) {
    this.#clock = clock;
    this.#closed = closed;
  }

  wake(): void {
    this.#isNews = true;
    this.#end?.();
  }

  settled(delivery: SettledDelivery): void {
    if (this.#settled.length < MOST_KEPT) this.#settled.push(delivery);
    else this.#missed = true;
    this.wake();
  }

  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#isNews) await this.#pause(ms, signal, true);
    if (this.#isNews) await this.#pause(GATHER_MS, signal, false);
    const wasNews = this.#isNews;
    this.#isNews = false;
    return wasNews;
  }

  async #pause(ms: number, signal: AbortSignal, endsWithNews: boolean): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(ms, resolve);
    const aborted = (): void => resolve();
    signal.addEventListener('abort', aborted, { once: true });
    if (endsWithNews) this.#end = resolve;
    await promise;
    this.#end = null;
    cancel();
    signal.removeEventListener('abort', aborted);
  }

  take(): { settled: SettledDelivery[]; missed: boolean } {
    const taken = { settled: this.#settled, missed: this.#missed };
    this.#settled = [];
    this.#missed = false;
    return taken;
  }

  close(): void {
    this.#closed();
    this.#end?.();
  }
}
