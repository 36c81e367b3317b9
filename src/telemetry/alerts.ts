import pRetry from 'p-retry';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';

/** `storage_news` has happened once and is not over later, so no `storage_resolved` follows it. */
export type AlertKind = 'dead_letter' | 'storage_trouble' | 'storage_resolved' | 'storage_news';

/** What is posted to the alert URL as JSON. */
export interface Alert {
  kind: AlertKind;
  summary: string;
  /** ISO 8601, UTC. */
  at: string;
  details: Record<string, string | number | null>;
}

export interface AlertOptions {
  url: string | null;
  clock: Clock;
  logger: Logger;
  /** Waits between tries, ms; the number of waits is the number of retries. */
  retries?: { count: number; firstWaitMs: number };
}

/** Tells one URL what a person should look at. No method blocks or throws. */
export interface Alerts {
  /** A dead letter: told when none of the target's was told in the last ten minutes. */
  deadLetter(target: string, deliveryId: string, reason: string): void;
  /** Storage trouble: told when its code was not in the last ten minutes, or was resolved since. */
  storageTrouble(code: string, message: string): void;
  /** All of the troubles that were told are over. */
  storageResolved(): void;
  /** What the storage found or lost: told when its code was not in the last ten minutes. */
  storageNews(code: string, message: string): void;
  /** Where alerts go from now on; null for nowhere. */
  setUrl(url: string | null): void;
  /** Gives alerts on their way `graceMs` to arrive, then gives them up. */
  close(graceMs: number): Promise<void>;
}

/** From one alert to the next of its kind. Only what was sent counts, so that news that comes on and on is told now and then. */
const QUIET_MS = 10 * 60_000;
const ATTEMPT_TIMEOUT_MS = 10_000;
/** An alert URL that is down must not fill the memory; what is dropped is in the log. */
const MOST_UNDERWAY = 20;

const DEFAULT_RETRIES = { count: 4, firstWaitMs: 1_000 };

/** Starts the alerts; see {@link Alerts}. */
export function createAlerts(options: AlertOptions): Alerts {
  const { clock, logger } = options;
  const toldDeadLetters = new Map<string, number>();
  const toldTroubles = new Map<string, number>();
  const toldNews = new Map<string, number>();
  const sender = createSender(logger, options.retries ?? DEFAULT_RETRIES);
  let url = options.url;
  const tell = (kind: AlertKind, summary: string, details: Alert['details']): boolean =>
    url !== null && sender.send(url, { kind, summary, at: new Date(clock.now()).toISOString(), details });
  const tellAgain = (told: Map<string, number>, key: string, alert: () => boolean): void => {
    const now = clock.monotonic();
    const last = told.get(key);
    if (last !== undefined && now - last < QUIET_MS) return;
    if (alert()) told.set(key, now);
  };
  return {
    deadLetter: (target, deliveryId, reason) => {
      const summary = `A delivery to ${target} is dead: ${reason}`;
      tellAgain(toldDeadLetters, target, () => tell('dead_letter', summary, { target, deliveryId, reason }));
    },
    storageTrouble: (code, message) => {
      tellAgain(toldTroubles, code, () => tell('storage_trouble', `Storage trouble: ${message}`, { code, message }));
    },
    storageResolved: () => {
      if (toldTroubles.size === 0) return;
      tell('storage_resolved', 'Storage works again', { code: [...toldTroubles.keys()].join(', ') });
      toldTroubles.clear();
    },
    storageNews: (code, message) => {
      tellAgain(toldNews, code, () => tell('storage_news', `Storage: ${message}`, { code, message }));
    },
    setUrl: (next) => {
      url = next;
    },
    close: (graceMs) => sender.close(clock, graceMs),
  };
}

interface Sender {
  /** @returns whether it is on its way */
  send(url: string, alert: Alert): boolean;
  close(clock: Clock, graceMs: number): Promise<void>;
}

function createSender(logger: Logger, retries: { count: number; firstWaitMs: number }): Sender {
  const underway = new Set<Promise<void>>();
  const stop = new AbortController();
  const post = async (url: string, alert: Alert): Promise<void> => {
    const { default: got } = await import('got'); // loaded for the first alert: it takes 9 MB of memory, and most relays never send one
    await got.post(url, {
      json: alert,
      timeout: { request: ATTEMPT_TIMEOUT_MS },
      retry: { limit: 0 },
      followRedirect: false,
      signal: stop.signal,
    });
  };
  const deliver = async (url: string, alert: Alert): Promise<void> => {
    try {
      await pRetry(() => post(url, alert), { retries: retries.count, minTimeout: retries.firstWaitMs, signal: stop.signal });
    } catch (error) {
      // Only the code: the text of a request's error names the URL, and alert URLs often carry a secret.
      logger.warn({ kind: alert.kind, summary: alert.summary, code: errorCode(error) }, 'alert not delivered');
    }
  };
  return {
    send: (url, alert) => {
      if (stop.signal.aborted || underway.size >= MOST_UNDERWAY) {
        logger.warn({ kind: alert.kind, summary: alert.summary, code: 'too_many_alerts' }, 'alert not delivered');
        return false;
      }
      const sending: Promise<void> = deliver(url, alert).finally(() => underway.delete(sending));
      underway.add(sending);
      return true;
    },
    close: async (clock, graceMs) => {
      const cancel = clock.after(graceMs, () => stop.abort());
      await Promise.all(underway);
      cancel();
      stop.abort();
    },
  };
}

function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
