import { type Figures, Series } from './series.ts';

/** When a route was last heard of, wall ms; null: not since the start. */
export interface RouteSeen {
  acceptedAt: number | null;
  rejectedAt: number | null;
}

/** What the page draws: the relay as a whole, each target, and when each route was last heard of. */
export class LiveFigures {
  readonly #now: () => number;
  readonly #all = new Series();
  readonly #targets = new Map<string, Series>();
  readonly #routes = new Map<string, RouteSeen>();

  constructor(now: () => number) {
    this.#now = now;
  }

  accepted(route: string, seconds: number): void {
    const now = this.#now();
    this.#all.count(now, 'accepted');
    this.#all.observe(now, seconds);
    this.#seen(route).acceptedAt = now;
  }

  duplicate(seconds: number): void {
    const now = this.#now();
    this.#all.count(now, 'duplicates');
    this.#all.observe(now, seconds);
  }

  rejected(route: string | null): void {
    const now = this.#now();
    this.#all.count(now, 'rejected');
    if (route !== null) this.#seen(route).rejectedAt = now;
  }

  attempt(target: string, outcome: 'delivered' | 'retry' | 'dead' | 'paused', seconds: number): void {
    const now = this.#now();
    const what = outcome === 'retry' || outcome === 'paused' ? 'failed' : outcome;
    this.#all.count(now, what);
    const series = this.#target(target);
    series.count(now, what);
    series.observe(now, seconds);
  }

  /** @returns latencies of the whole are those of acknowledgements */
  all(windowMs: number, stepMs: number): Figures {
    return this.#all.figures(this.#now(), windowMs, stepMs);
  }

  /** @returns latencies of a target are those of attempts; null when there was none since the start */
  target(name: string, windowMs: number, stepMs: number): Figures | null {
    return this.#targets.get(name)?.figures(this.#now(), windowMs, stepMs) ?? null;
  }

  route(name: string): RouteSeen {
    return this.#routes.get(name) ?? { acceptedAt: null, rejectedAt: null };
  }

  #target(name: string): Series {
    const known = this.#targets.get(name);
    if (known !== undefined) return known;
    const series = new Series();
    this.#targets.set(name, series);
    return series;
  }

  #seen(route: string): RouteSeen {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const seen = { acceptedAt: null, rejectedAt: null };
    this.#routes.set(route, seen);
    return seen;
  }
}
