import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { LearnedSecret, SecretStore } from './ports.ts';

/** What is known of a route's learning. Times are wall ms. */
export interface LearningView {
  armedUntil: number | null;
  learnedAt: number | null;
  hasSecret: boolean;
}

export type LearnResult = 'learned' | 'known' | 'not_armed' | 'not_stored';

/** A token that has to be typed into the provider's page is shown for so long after it came. */
const SHOWN_MS = 60 * 60_000;

export interface LearningOptions {
  store: SecretStore;
  clock: Clock;
  /** Told of every secret before anything else happens to it, so that no log line can hold it. */
  hide(secret: string): void;
}

/**
 * Trust on first use: a secret that a sender hands over is taken while an operator has armed the route, and only the first one.
 * Windows live in memory, for a restart to close them; secrets are on disk before they count.
 */
export class Learning {
  readonly #options: LearningOptions;
  readonly #learned: LearnedSecret[];
  /** Monotonic ms at which each window ends. */
  readonly #windows = new Map<string, number>();
  /** Routes whose secret is on its way to the disk, unless an operator has disarmed them since. */
  readonly #taking = new Set<string>();
  /** Called when the secrets of a route have changed. */
  changed: () => void = () => undefined;

  constructor(options: LearningOptions) {
    this.#options = options;
    this.#learned = [...options.store.learned];
    for (const { secret } of this.#learned) options.hide(secret);
  }

  /**
   * Opens the window, or makes it longer; never shorter.
   * @returns wall ms at which it ends
   */
  arm(route: string, ms: number): number {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const until = Math.max(now + ms, this.#windows.get(route) ?? 0);
    this.#windows.set(route, until);
    return clock.now() + until - now;
  }

  disarm(route: string): void {
    this.#taking.delete(route);
    this.#windows.delete(route);
  }

  view(route: string): LearningView {
    const { clock } = this.#options;
    const left = (this.#windows.get(route) ?? 0) - clock.monotonic();
    const last = this.#of(route).at(-1);
    return {
      armedUntil: left > 0 ? clock.now() + left : null,
      learnedAt: last?.learnedAt ?? null,
      hasSecret: last !== undefined,
    };
  }

  /** What has to be checked beside the configured secrets. */
  secretsOf(route: string): string[] {
    return this.#of(route).map(({ secret }) => secret);
  }

  /** The route's newest secret, for an hour after it came; then the provider must send it again. */
  recentSecret(route: string): string | null {
    const last = this.#of(route).at(-1);
    return last !== undefined && this.#options.clock.now() - last.learnedAt < SHOWN_MS ? last.secret : null;
  }

  /**
   * Takes a secret in. One that is known already, from an answer that was lost, is answered again without a window: who sends
   * it knows it. The window is closed before the wait for the disk, so that only one sender gets through.
   */
  async learn(route: string, secret: string): Promise<LearnResult> {
    const { store, clock, hide } = this.#options;
    if (this.#isKnown(route, secret)) return 'known';
    const until = this.#windows.get(route);
    if (until === undefined || until <= clock.monotonic()) return 'not_armed';
    this.#windows.delete(route);
    this.#taking.add(route);
    hide(secret);
    const row = { route, secret, learnedAt: clock.now() };
    try {
      await store.learn(row);
    } catch {
      // The provider tries again, and should find the window as it was.
      const isLeftAlone = this.#taking.delete(route) && !this.#windows.has(route);
      if (isLeftAlone && until > clock.monotonic()) this.#windows.set(route, until);
      return 'not_stored';
    }
    this.#taking.delete(route);
    this.#learned.push(row);
    this.changed();
    return 'learned';
  }

  /** Drops all secrets of a route; resolves once that is on disk. @throws HookbayError when it is not */
  async forget(route: string): Promise<void> {
    await this.#options.store.forget(route);
    const kept = this.#learned.filter((each) => each.route !== route);
    this.#learned.splice(0, Number.POSITIVE_INFINITY, ...kept);
    this.changed();
  }

  #of(route: string): LearnedSecret[] {
    return this.#learned.filter((each) => each.route === route);
  }

  #isKnown(route: string, secret: string): boolean {
    const digest = hash('sha256', secret, 'buffer');
    let matches = false;
    for (const known of this.#of(route)) matches = timingSafeEqual(hash('sha256', known.secret, 'buffer'), digest) || matches;
    return matches;
  }
}
