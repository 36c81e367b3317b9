import type { AlertConfig } from '../config/types.ts';
import type { AlertEnding, AlertFact, AlertKind, AlertView } from '../domain/alert-book.ts';
import { RefusalSpike } from '../domain/refusal-spike.ts';
import { type Destination, type DestinationOptions, Destinations, type TestResult } from './alert-destinations.ts';

export interface AlertOptions extends DestinationOptions {
  destinations: readonly AlertConfig[];
}

/** The part of a target's counts that alerts look at. */
interface Backlog {
  target: string;
  counts: { pending?: number };
  /** Wall ms at which its oldest pending delivery was due, or null. */
  oldestDueAt: number | null;
}

/**
 * Tells people what they should look at, by the rules of {@link AlertBook}. No method blocks or throws.
 * Each destination has thresholds and a book of its own; without any, what fires is kept for the API and the metrics.
 */
export interface Alerts {
  /** A dead letter: told when the target had none for its quiet period. */
  deadLetter(target: string, deliveryId: string, reason: string): void;
  /** The target fails so much that it is left alone for a while. @param reason a code or a few words, without URLs */
  breakerOpened(target: string, reason: string): void;
  breakerClosed(target: string): void;
  /** Nothing is attempted until somebody resumes it. @param reason why, or null when nobody said */
  targetPaused(target: string, reason: string | null): void;
  targetResumed(target: string): void;
  /** A request was refused. @param route null when there is none at its path: scanners come all the time, so that is not counted */
  refused(route: string | null, reason: string): void;
  storageTrouble(code: string, message: string): void;
  /** All storage troubles are over. */
  storageResolved(): void;
  /** What the storage found or lost: it has no end. */
  storageNews(code: string, message: string): void;
  /** Looks at the backlogs and at what time brings, now and every 30 s. @param backlogs may reject while the store is busy */
  watch(backlogs: () => Promise<readonly Backlog[]>): void;
  /** Puts a configuration into effect: new destinations hear at once of what fires, and nothing fires for targets that are gone. */
  configure(destinations: readonly AlertConfig[], targets: { has(name: string): boolean }): void;
  /** What fires, oldest first, then what has ended, newest first. */
  list(): AlertView[];
  /** How many alerts of each kind fire. */
  firing(): ReadonlyMap<AlertKind, number>;
  /** Sends a test to every destination, once each. Never rejects. */
  test(): Promise<TestResult[]>;
  /** Gives alerts on their way `graceMs` to arrive, then gives them up. */
  close(graceMs: number): Promise<void>;
}

const LOOK_EVERY_MS = 30_000;
/** Refusals go up and down: the end of a spike is told after so long without one. */
const SPIKE_QUIET_MS = 5 * 60_000;
/** Backlogs grow and shrink around any threshold: the end is told when it is under half of it. */
const BACKLOG_OVER = 0.5;
const CLEARED: AlertEnding = { kind: 'cleared' };

/** Told by their own alert, or by nobody: these are the relay's own state, not what senders did. */
const NOT_COUNTED: readonly string[] = [
  ...['storage_failing', 'disk_full', 'wal_full', 'commit_timeout', 'row_refused', 'shutting_down'],
];

/** Starts the alerts; see {@link Alerts}. */
export function createAlerts(options: AlertOptions): Alerts {
  return new AlertDesk(options);
}

class AlertDesk implements Alerts {
  readonly #clock: AlertOptions['clock'];
  readonly #destinations: Destinations;
  /** What is so until it is said to be over; a new destination has to hear of it. */
  readonly #lasting = new Map<string, AlertFact>();
  #stopWatching: () => void = () => undefined;
  #closed = false;

  constructor({ destinations, ...options }: AlertOptions) {
    this.#clock = options.clock;
    this.#destinations = new Destinations(options, destinations);
  }

  deadLetter(target: string, deliveryId: string, reason: string): void {
    const fact = aboutTarget('dead_letter', target, `A delivery to ${target} is dead: ${reason}`, { deliveryId, reason });
    this.#destinations.each(({ book, thresholds }, now) => book.raise(fact, { kind: 'quiet', forMs: thresholds.quietMs }, now));
  }

  breakerOpened(target: string, reason: string): void {
    this.#begin(aboutTarget('breaker_open', target, `${target} fails and is left alone for a while: ${reason}`, { reason }));
  }

  breakerClosed(target: string): void {
    this.#end(`breaker_open:${target}`, `${target} is delivered to again`);
  }

  targetPaused(target: string, reason: string | null): void {
    this.#begin(aboutTarget('target_paused', target, `${target} is paused${reason === null ? '' : `: ${reason}`}`, { reason }));
  }

  targetResumed(target: string): void {
    this.#end(`target_paused:${target}`, `${target} is resumed`);
  }

  refused(route: string | null, reason: string): void {
    if (route === null || NOT_COUNTED.includes(reason)) return;
    for (const destination of this.#destinations.all) this.#countRefusal(destination, route, reason);
  }

  storageTrouble(code: string, message: string): void {
    const summary = `Storage trouble: ${message}`;
    this.#begin({ ...about('storage_trouble', code), summary, detail: { code, message } });
  }

  storageResolved(): void {
    for (const { kind, key } of [...this.#lasting.values()]) {
      if (kind === 'storage_trouble') this.#end(key, 'Storage works again');
    }
  }

  storageNews(code: string, message: string): void {
    const fact = { ...about('storage_news', code), summary: `Storage: ${message}`, detail: { code, message } };
    this.#destinations.each(({ book, thresholds }, now) =>
      book.raise(fact, { kind: 'noted', onceInMs: thresholds.quietMs }, now),
    );
  }

  watch(backlogs: () => Promise<readonly Backlog[]>): void {
    const look = async (): Promise<void> => {
      this.#tick();
      if (this.#destinations.all.some(({ thresholds }) => thresholds.backlogAgeMs !== null)) {
        await backlogs().then(
          (counts) => this.#compareBacklogs(counts),
          () => undefined, // the store is busy: half a minute later it is asked again
        );
      }
      if (!this.#closed) this.#stopWatching = this.#clock.after(LOOK_EVERY_MS, () => void look());
    };
    void look();
  }

  configure(configs: readonly AlertConfig[], targets: { has(name: string): boolean }): void {
    for (const destination of this.#destinations.configure(configs)) {
      for (const fact of this.#lasting.values()) {
        this.#destinations.tell(destination, destination.book.raise(fact, CLEARED, this.#destinations.moment()));
      }
    }
    for (const { target, key, state } of this.list()) {
      const isGone = target !== null && !targets.has(target);
      if (isGone && state === 'firing') this.#end(key, `${target} is not in the configuration any more`);
    }
  }

  list(): AlertView[] {
    return this.#destinations.list();
  }

  firing(): ReadonlyMap<AlertKind, number> {
    const counts = new Map<AlertKind, number>();
    for (const { kind, state } of this.list()) if (state === 'firing') counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  }

  test(): Promise<TestResult[]> {
    return this.#destinations.test();
  }

  close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    return this.#destinations.close(graceMs);
  }

  #begin(fact: AlertFact): void {
    this.#lasting.set(fact.key, fact);
    this.#destinations.each(({ book }, now) => book.raise(fact, CLEARED, now));
  }

  #end(key: string, summary: string): void {
    this.#lasting.delete(key);
    this.#destinations.each(({ book }, now) => book.clear(key, summary, now));
  }

  #countRefusal(destination: Destination, route: string, reason: string): void {
    const { thresholds, spikes, book } = destination;
    if (thresholds.refusals === null) return;
    let spike = spikes.get(route);
    if (spike === undefined) {
      spike = new RefusalSpike(thresholds.refusals);
      spikes.set(route, spike);
    }
    const found = spike.count(reason, this.#clock.monotonic());
    if (found === null) return;
    const { amount, perMs } = thresholds.refusals;
    const within = `${perMs / 1000} s`;
    const summary = `${route} refuses many requests: ${found.refusals} in ${within}, where ${amount} are allowed`;
    const fact = { ...about('refusals', route), route, summary, detail: { within, ...Object.fromEntries(found.reasons) } };
    this.#destinations.tell(
      destination,
      book.raise(fact, { kind: 'quiet', forMs: Math.max(SPIKE_QUIET_MS, perMs) }, this.#destinations.moment()),
    );
  }

  #tick(): void {
    const now = this.#destinations.moment();
    for (const destination of this.#destinations.all) {
      for (const notice of destination.book.tick(now)) this.#destinations.tell(destination, notice);
    }
  }

  #compareBacklogs(counts: readonly Backlog[]): void {
    for (const {
      target,
      oldestDueAt,
      counts: { pending = 0 },
    } of counts) {
      const ageMs = oldestDueAt === null ? 0 : Math.max(0, this.#clock.now() - oldestDueAt);
      const minutes = Math.floor(ageMs / 60_000);
      const summary = `Deliveries to ${target} wait: the oldest one has been due for ${minutes} min`;
      const fact = aboutTarget('backlog_age', target, summary, { ageSeconds: Math.round(ageMs / 1000), pending });
      this.#destinations.each(({ book, thresholds: { backlogAgeMs } }, now) => {
        if (backlogAgeMs !== null && ageMs >= backlogAgeMs) return book.raise(fact, CLEARED, now);
        const isOver = backlogAgeMs === null || ageMs < backlogAgeMs * BACKLOG_OVER;
        return isOver ? book.clear(fact.key, `The backlog of ${target} is worked off`, now) : null;
      });
    }
    const known = new Set(counts.map(({ target }) => target));
    for (const { kind, state, key, target } of this.list()) {
      const isGone = kind === 'backlog_age' && state === 'firing' && target !== null && !known.has(target);
      if (isGone) this.#end(key, `The backlog of ${target} is gone`);
    }
  }
}

function about(kind: AlertKind, subject: string): Omit<AlertFact, 'summary' | 'detail'> {
  return { kind, key: `${kind}:${subject}`, target: null, route: null };
}

function aboutTarget(kind: AlertKind, target: string, summary: string, detail: AlertFact['detail']): AlertFact {
  return { ...about(kind, target), target, summary, detail };
}
