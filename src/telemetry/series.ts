/** What is counted in each step of time. */
export const COUNTED = ['accepted', 'duplicates', 'rejected', 'delivered', 'failed', 'dead'] as const;
export type Counted = (typeof COUNTED)[number];

/**
 * Upper bounds of the latency buckets, seconds: each a quarter more than the one before, from 0.1 ms to a minute, so that a
 * quantile is right to 25 %.
 */
const BOUNDS: readonly number[] = Array.from({ length: 60 }, (_, i) => 0.0001 * 1.25 ** i);

/** Figures over time, one entry for each step, oldest first. Times in wall ms, latencies in ms; null where nothing was measured. */
export interface Figures {
  /** Beginning of each step. */
  at: number[];
  counts: Record<Counted, number[]>;
  p50: (number | null)[];
  p99: (number | null)[];
}

/** Resolutions that are kept: what is asked for is answered from the finest that reaches as far back. 5 min for a day is 288. */
const KEPT: readonly { stepMs: number; slots: number }[] = [
  { stepMs: 5_000, slots: 360 },
  { stepMs: 300_000, slots: 288 },
];
export const LONGEST_WINDOW_MS = Math.max(...KEPT.map(({ stepMs, slots }) => stepMs * slots));

/** Counts and latencies in a ring of steps; a step that comes round again begins at zero. */
class Ring {
  readonly stepMs: number;
  readonly #slots: number;
  /** Number of the step that each slot holds. */
  readonly #steps: Float64Array;
  readonly #counts: Uint32Array;
  /** Latencies are rare to ask for and large, so only what is measured has them. */
  #latencies: Uint32Array | null = null;

  constructor({ stepMs, slots }: { stepMs: number; slots: number }) {
    this.stepMs = stepMs;
    this.#slots = slots;
    this.#steps = new Float64Array(slots).fill(-1);
    this.#counts = new Uint32Array(slots * COUNTED.length);
  }

  get windowMs(): number {
    return this.stepMs * this.#slots;
  }

  count(now: number, what: number): void {
    const index = this.#slot(now) * COUNTED.length + what;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  observe(now: number, bucket: number): void {
    const slot = this.#slot(now);
    this.#latencies ??= new Uint32Array(this.#slots * (BOUNDS.length + 1));
    const index = slot * (BOUNDS.length + 1) + bucket;
    this.#latencies[index] = (this.#latencies[index] ?? 0) + 1;
  }

  /** @param steps how many of its own make one of the answer */
  figures(now: number, windowMs: number, steps: number): Figures {
    const last = Math.floor(now / (this.stepMs * steps));
    const length = Math.ceil(windowMs / (this.stepMs * steps));
    const figures: Figures = { at: [], counts: emptyCounts(), p50: [], p99: [] };
    for (let group = last - length + 1; group <= last; group += 1) {
      figures.at.push(group * this.stepMs * steps);
      const counts = new Float64Array(COUNTED.length);
      const latencies = new Float64Array(BOUNDS.length + 1);
      for (let step = group * steps; step < (group + 1) * steps; step += 1) this.#addTo(step, counts, latencies);
      COUNTED.forEach((name, i) => void figures.counts[name].push(counts[i] ?? 0));
      figures.p50.push(quantile(latencies, 0.5));
      figures.p99.push(quantile(latencies, 0.99));
    }
    return figures;
  }

  #slot(now: number): number {
    const step = Math.floor(now / this.stepMs);
    const slot = step % this.#slots;
    if (this.#steps[slot] !== step) {
      this.#steps[slot] = step;
      this.#counts.fill(0, slot * COUNTED.length, (slot + 1) * COUNTED.length);
      this.#latencies?.fill(0, slot * (BOUNDS.length + 1), (slot + 1) * (BOUNDS.length + 1));
    }
    return slot;
  }

  #addTo(step: number, counts: Float64Array, latencies: Float64Array): void {
    const slot = step % this.#slots;
    if (step < 0 || this.#steps[slot] !== step) return;
    for (let i = 0; i < counts.length; i += 1) counts[i] = (counts[i] ?? 0) + (this.#counts[slot * COUNTED.length + i] ?? 0);
    if (this.#latencies === null) return;
    const start = slot * (BOUNDS.length + 1);
    for (let i = 0; i < latencies.length; i += 1) latencies[i] = (latencies[i] ?? 0) + (this.#latencies[start + i] ?? 0);
  }
}

const emptyCounts = (): Record<Counted, number[]> => ({
  accepted: [],
  duplicates: [],
  rejected: [],
  delivered: [],
  failed: [],
  dead: [],
});

/** Upper bound in ms of the bucket that holds the quantile. */
function quantile(latencies: Float64Array, share: number): number | null {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (let i = 0; i < BOUNDS.length; i += 1) {
    seen += latencies[i] ?? 0;
    if (seen >= share * total) return (BOUNDS[i] ?? 0) * 1000;
  }
  return (BOUNDS.at(-1) ?? 0) * 1000;
}

/** By halving: it is asked for at every event. */
function bucketOf(seconds: number): number {
  let low = 0;
  let high = BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((BOUNDS[middle] ?? 0) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What has happened lately, for the page: in memory, for a day, 5 s at a time for the last half hour and 5 min before. A
 * restart forgets it; who wants more has the metrics. One series is 16 KiB, and 160 KiB more once it measures latencies.
 */
export class Series {
  readonly #rings = KEPT.map((kept) => new Ring(kept));

  /** @param now wall time, ms */
  count(now: number, what: Counted): void {
    const index = COUNTED.indexOf(what);
    for (const ring of this.#rings) ring.count(now, index);
  }

  observe(now: number, seconds: number): void {
    const bucket = bucketOf(seconds);
    for (const ring of this.#rings) ring.observe(now, bucket);
  }

  /** The figures of the last `windowMs`, in steps of about `stepMs`. */
  figures(now: number, windowMs: number, stepMs: number): Figures {
    const ring = this.#rings.find((each) => each.windowMs >= windowMs && each.stepMs <= stepMs) ?? this.#coarsest();
    const steps = Math.max(1, Math.round(stepMs / ring.stepMs));
    return ring.figures(now, Math.min(windowMs, ring.windowMs), steps);
  }

  #coarsest(): Ring {
    const [first = new Ring({ stepMs: 5_000, slots: 1 }), ...rest] = this.#rings;
    return rest.at(-1) ?? first;
  }
}
