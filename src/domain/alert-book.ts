/** What alerts are about. The names are part of what receivers and Prometheus rules match on. */
export const ALERT_KINDS = [
  'breaker_open',
  'target_paused',
  'dead_letter',
  'backlog_age',
  'refusals',
  'storage_trouble',
  'storage_news',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Something that a person should look at, as it is now. */
export interface AlertFact {
  kind: AlertKind;
  /** What it is about: the same key is the same trouble. */
  key: string;
  target: string | null;
  route: string | null;
  summary: string;
  detail: Readonly<Record<string, string | number | null>>;
}

/**
 * How a fact ends: `cleared` when that is said, `quiet` when it was not raised again for so long, `noted` never:
 * it has happened once, and is not told again within that time.
 */
export type AlertEnding = { kind: 'cleared' } | { kind: 'quiet'; forMs: number } | { kind: 'noted'; onceInMs: number };

/** `wall` for display, `monotonic` for periods, both in ms. `id` is given to what begins to fire at this moment. */
export interface Moment {
  wall: number;
  monotonic: number;
  id: string;
}

/** What is told of a fact. */
export interface AlertNotice extends AlertFact {
  /** Of this firing: the same in its reminders and in its end. */
  id: string;
  state: 'firing' | 'resolved';
  /** Wall ms. */
  at: number;
  /** Wall ms at which it began. */
  since: number;
}

export interface AlertView extends AlertFact {
  id: string;
  state: 'firing' | 'resolved' | 'noted';
  since: number;
  endedAt: number | null;
}

interface Firing {
  fact: AlertFact;
  ending: AlertEnding;
  id: string;
  since: number;
  /** Monotonic ms of the last notice, or null when it got through to nobody. */
  toldAt: number | null;
  raisedAt: number;
}

/** A fact that goes on is told again after this long. */
export const REMIND_MS = 4 * 3_600_000;

/** How many of those that have ended are kept for display. */
const MOST_RECENT = 50;

/** Room for facts that only happen: their keys are codes, of which there are few. */
const MOST_NOTED = 100;

/**
 * Decides what is told: a fact when it begins, then at most every {@link REMIND_MS} while it lasts, and its end once.
 * Pure: takes what happens and the time, and returns what has to be told.
 */
export class AlertBook {
  readonly #firing = new Map<string, Firing>();
  readonly #notedAt = new Map<string, number>();
  #recent: AlertView[] = [];

  /** Something is so, or has happened again. */
  raise(fact: AlertFact, ending: AlertEnding, now: Moment): AlertNotice | null {
    if (ending.kind === 'noted') return this.#note(fact, ending.onceInMs, now);
    const known = this.#firing.get(fact.key);
    if (known === undefined) {
      const firing: Firing = { fact, ending, id: now.id, since: now.wall, toldAt: now.monotonic, raisedAt: now.monotonic };
      this.#firing.set(fact.key, firing);
      return notice(firing, 'firing', now);
    }
    known.fact = fact;
    known.ending = ending;
    known.raisedAt = now.monotonic;
    return null;
  }

  /** It is over. @param summary of the end */
  clear(key: string, summary: string, now: Moment): AlertNotice | null {
    const firing = this.#firing.get(key);
    if (firing === undefined) return null;
    this.#firing.delete(key);
    firing.fact = { ...firing.fact, summary };
    this.#remember(firing, 'resolved', now.wall);
    return notice(firing, 'resolved', now);
  }

  /** What time alone brings: ends of what has been quiet, and reminders. */
  tick(now: Moment): AlertNotice[] {
    const notices: AlertNotice[] = [];
    for (const [key, firing] of [...this.#firing]) {
      const { ending, raisedAt, toldAt, fact } = firing;
      if (ending.kind === 'quiet' && now.monotonic - raisedAt >= ending.forMs) {
        const end = this.clear(key, `Over: ${fact.summary}`, now);
        if (end !== null) notices.push(end);
      } else if (toldAt === null || now.monotonic - toldAt >= REMIND_MS) {
        firing.toldAt = now.monotonic;
        notices.push(notice(firing, 'firing', now));
      }
    }
    return notices;
  }

  /** A notice got through to nobody: what still fires is told again at the next tick, what only happens when it happens again. */
  missed({ id, key, state }: AlertNotice): void {
    this.#notedAt.delete(key);
    const firing = this.#firing.get(key);
    if (state === 'firing' && firing?.id === id) firing.toldAt = null;
  }

  /** What fires, oldest first, then what has ended or only happened, newest first. */
  get view(): { firing: AlertView[]; recent: readonly AlertView[] } {
    const firing = [...this.#firing.values()].map((each) => viewOf(each, 'firing', null));
    return { firing, recent: this.#recent };
  }

  #note(fact: AlertFact, onceInMs: number, now: Moment): AlertNotice | null {
    const before = this.#notedAt.get(fact.key);
    if (before !== undefined && now.monotonic - before < onceInMs) return null;
    this.#notedAt.delete(fact.key); // to the end of the order
    this.#notedAt.set(fact.key, now.monotonic);
    const [oldest] = this.#notedAt.keys();
    if (this.#notedAt.size > MOST_NOTED && oldest !== undefined) this.#notedAt.delete(oldest);
    const noted: Firing = {
      ...{ fact, ending: { kind: 'noted', onceInMs }, id: now.id, since: now.wall },
      ...{ toldAt: now.monotonic, raisedAt: now.monotonic },
    };
    this.#remember(noted, 'noted', null);
    return notice(noted, 'firing', now);
  }

  #remember(firing: Firing, state: 'resolved' | 'noted', endedAt: number | null): void {
    this.#recent = [viewOf(firing, state, endedAt), ...this.#recent].slice(0, MOST_RECENT);
  }
}

function notice({ fact, id, since }: Firing, state: AlertNotice['state'], now: Moment): AlertNotice {
  return { ...fact, id, state, at: now.wall, since };
}

function viewOf({ fact, id, since }: Firing, state: AlertView['state'], endedAt: number | null): AlertView {
  return { ...fact, id, state, since, endedAt };
}
