import { isDeepStrictEqual } from 'node:util';
import type { AlertConfig } from '../config/types.ts';
import { AlertBook, type AlertNotice, type AlertView, type Moment } from '../domain/alert-book.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { RefusalSpike } from '../domain/refusal-spike.ts';
import { alertBody } from './alert-formats/all.ts';
import type { Notice } from './alert-formats/payload.ts';
import { AlertSender, type SendOutcome, type SendRetries } from './alert-sender.ts';

export interface DestinationOptions {
  clock: Clock;
  logger: Logger;
  /** Which relay says so; asked at each alert, because the database has to be open for it. */
  relay: () => string;
  retries?: SendRetries;
}

export interface TestResult {
  /** The destination's host; the rest of its URL is a secret. */
  to: string;
  format: AlertConfig['format'];
  outcome: 'delivered' | 'failed';
  /** Why it failed; null when it was delivered. */
  code: string | null;
}

export type Thresholds = Omit<AlertConfig, 'url' | 'shownUrl'>;

/** Somebody to tell, with thresholds and a book of its own. */
export interface Destination {
  thresholds: Thresholds;
  /** Null when nobody is told. */
  config: AlertConfig | null;
  sender: AlertSender | null;
  book: AlertBook;
  /** By route. */
  spikes: Map<string, RefusalSpike>;
}

/** What the file says when it says nothing, for the API and the metrics of a relay that tells nobody. */
const NOBODY: Thresholds = {
  format: 'json',
  backlogAgeMs: 15 * 60_000,
  refusals: { amount: 100, perMs: 60_000 },
  quietMs: 3_600_000,
};

/** What one that a reload has removed may still send. */
const LEAVE_MS = 30_000;

/** Everybody who is told, as configured now; without anybody one book that is only shown. */
export class Destinations {
  readonly #options: DestinationOptions;
  #all: Destination[] = [];
  /** Of destinations that a reload has removed, until they have sent what they had. */
  readonly #leaving = new Set<Promise<void>>();
  #sequence = 0;

  constructor(options: DestinationOptions, configs: readonly AlertConfig[]) {
    this.#options = options;
    this.configure(configs);
  }

  get all(): readonly Destination[] {
    return this.#all;
  }

  /** One that was there before keeps its book and what it has on the way. @returns those that are new */
  configure(configs: readonly AlertConfig[]): Destination[] {
    const former = this.#all;
    this.#all = this.#open(configs, former);
    for (const destination of former) if (!this.#all.includes(destination)) this.#leave(destination, LEAVE_MS);
    return this.#all.filter((destination) => !former.includes(destination));
  }

  /** All of them at the same moment, so that what begins has the same id everywhere. */
  each(decide: (destination: Destination, now: Moment) => AlertNotice | null): void {
    const now = this.moment();
    for (const destination of this.#all) this.tell(destination, decide(destination, now));
  }

  tell({ sender, config, book }: Destination, notice: AlertNotice | null): void {
    if (notice === null || sender === null || config === null) return;
    const { kind, key, state } = notice;
    sender.send({
      label: { kind, key, state },
      body: alertBody(config.format, notice, this.#options.relay()),
      ended: (outcome) => {
        if (outcome.kind === 'unreachable') book.missed(notice);
      },
    });
  }

  /** What fires, oldest first, then what has ended, newest first; each once, however many are told. */
  list(): AlertView[] {
    const firing = new Map<string, AlertView>();
    const recent = new Map<string, AlertView>();
    for (const { book } of this.#all) {
      const { view } = book;
      for (const each of view.firing) if (!firing.has(each.key)) firing.set(each.key, each);
      for (const each of view.recent) if (!recent.has(each.id)) recent.set(each.id, each);
    }
    const newest = [...recent.values()].sort((a, b) => (b.endedAt ?? b.since) - (a.endedAt ?? a.since));
    return [...[...firing.values()].sort((a, b) => a.since - b.since), ...newest];
  }

  /** One try each, at once. Never rejects. */
  test(): Promise<TestResult[]> {
    const { id, wall } = this.moment();
    const notice: Notice = {
      ...{ id, kind: 'test', state: 'firing', key: 'test', target: null, route: null, detail: {}, at: wall, since: wall },
      summary: 'This is a test: alerts of this relay arrive here',
    };
    return Promise.all(
      this.#all.flatMap(({ sender, config }) => {
        if (sender === null || config === null) return [];
        const body = alertBody(config.format, notice, this.#options.relay());
        return sender.sendNow(body).then((outcome) => testResult(config, outcome));
      }),
    );
  }

  async close(graceMs: number): Promise<void> {
    for (const destination of this.#all) this.#leave(destination, graceMs);
    await Promise.all(this.#leaving);
  }

  moment(): Moment {
    const { clock } = this.#options;
    this.#sequence += 1;
    const wall = clock.now();
    const id = `alert_${wall.toString(36)}${this.#sequence.toString(36).padStart(4, '0')}`;
    return { wall, monotonic: clock.monotonic(), id };
  }

  #open(configs: readonly AlertConfig[], former: readonly Destination[]): Destination[] {
    if (configs.length === 0) return [former.find(({ config }) => config === null) ?? this.#newDestination(null)];
    return configs.map((config) => {
      const known = former.find((each) => each.config?.url === config.url && each.config.format === config.format);
      if (known === undefined) return this.#newDestination(config);
      if (!isDeepStrictEqual(known.thresholds.refusals, config.refusals)) known.spikes.clear();
      return Object.assign(known, { config, thresholds: config });
    });
  }

  #newDestination(config: AlertConfig | null): Destination {
    const { logger, retries } = this.#options;
    const sender = config === null ? null : new AlertSender(config.url, config.shownUrl, logger, retries);
    return { config, thresholds: config ?? NOBODY, sender, book: new AlertBook(), spikes: new Map() };
  }

  #leave({ sender }: Destination, graceMs: number): void {
    if (sender === null) return;
    const leaving: Promise<void> = sender.close(this.#options.clock, graceMs).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}

function testResult({ shownUrl, format }: AlertConfig, outcome: SendOutcome): TestResult {
  if (outcome.kind === 'delivered') return { to: shownUrl, format, outcome: 'delivered', code: null };
  return { to: shownUrl, format, outcome: 'failed', code: outcome.code };
}
