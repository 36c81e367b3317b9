import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import { ALERT_KINDS, type AlertKind } from '../domain/alert-book.ts';
import { type BreakerReading, breakerGauge } from './breaker-gauge.ts';
import { foldedCounter, foldedHistogram, type Tally, type Timer } from './folded.ts';
import { type TaskMetrics, taskMetrics } from './task-metrics.ts';

/** What is read from the relay at each scrape. */
export interface MetricSources {
  /** Backlog of every target; may reject while the store is busy: then the gauges are left out of that scrape. */
  targetCounts(): Promise<readonly TargetBacklog[]>;
  /** Wall time, ms. */
  now(): number;
  ready(): boolean;
  /** Breakers of the configured targets. */
  breakers(): readonly BreakerReading[];
  memory(): { rss: number; heapUsed: number; external: number };
  /** How many alerts of each kind fire. */
  alertsFiring(): ReadonlyMap<AlertKind, number>;
}

export interface TargetBacklog {
  target: string;
  counts: { pending?: number; dead?: number; held?: number };
  /** Pending deliveries that wait for others of their ordering key. */
  blocked: number;
  /** Wall ms at which its oldest pending delivery was due, or null. */
  oldestDueAt: number | null;
}

export interface BuildInfo {
  version: string;
  node: string;
}

/** From half a millisecond, which a commit takes on a good disk, to the five seconds a sender waits. */
const LATENCY_SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
/** Up to the 30 s and more that a target may take. */
const ATTEMPT_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Up to the three days of the default schedule. */
const DELIVERY_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 21_600, 86_400, 259_200];
/** A checkpoint moves up to a whole write-ahead log. */
const CHECKPOINT_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const BATCH_ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

const NANOSECONDS = 1e9;

type LoopDelay = ReturnType<typeof monitorEventLoopDelay>;

/** Everything that the relay measures, and the text that Prometheus reads. The observer methods never throw. */
export interface Metrics {
  readonly ingest: {
    accepted(route: string, seconds: number): void;
    duplicate(route: string, conflict: boolean, seconds: number): void;
    proxied(route: string, outcome: string): void;
    handshake(route: string): void;
    rejected(route: string | null, reason: string, status: number): void;
  };
  readonly deliver: {
    attempt(target: string, outcome: 'delivered' | 'retry' | 'dead' | 'paused', statusCode: number | null, seconds: number): void;
    delivered(target: string, seconds: number): void;
    filtered(target: string): void;
    dead(target: string, deliveryId: string, reason: string): void;
    breakerOpened(target: string, reason: string): void;
    breakerClosed(target: string, reason: string): void;
  };
  readonly store: {
    /** One group commit: its duration and how many rows it held. */
    committed(seconds: number, rows: number): void;
    walSize(walBytes: number): void;
    checkpointed(seconds: number): void;
    checkpointFailed(code: string): void;
    /** Reasons for which events are not taken; empty when all is well. */
    trouble(reasons: readonly string[]): void;
    damaged(deliveryId: string): void;
    /** Finished events that went because the database was too large. */
    evicted(events: number): void;
    /** Events deleted on request. */
    deleted(events: number): void;
    clockJumped(): void;
  };
  readonly tasks: TaskMetrics;
  readonly contentType: string;
  /** The Prometheus text format, version 0.0.4. */
  metrics(): Promise<string>;
  /** Stops measuring the event loop. */
  close(): void;
}

/** Makes the metrics with a registry of their own. */
export function createMetrics(sources: MetricSources, build: BuildInfo): Metrics {
  const registry = new Registry();
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const refreshProcess = processGauges(registry, sources, loop, build);
  const refreshTargets = targetGauges(registry, sources);
  const refreshBreakers = breakerGauge(registry, sources);
  return {
    ingest: ingestMetrics(registry),
    deliver: deliverMetrics(registry),
    store: storeMetrics(registry),
    tasks: taskMetrics(registry),
    contentType: registry.contentType,
    metrics: async () => {
      refreshProcess();
      refreshBreakers();
      await refreshTargets();
      return registry.metrics();
    },
    close: () => void loop.disable(),
  };
}

function families(registry: Registry): {
  counter: (name: string, help: string, ...labels: string[]) => (...values: string[]) => Tally;
  histogram: (name: string, help: string, bounds: readonly number[], ...labels: string[]) => (...values: string[]) => Timer;
} {
  return {
    counter: (name, help, ...labels) => foldedCounter({ registry, name: `hookbay_${name}`, help, labels }),
    histogram: (name, help, bounds, ...labels) => foldedHistogram({ registry, name: `hookbay_${name}`, help, labels }, bounds),
  };
}

/** All series of a route or target are made with its first event, so that each call costs one look-up. */
function oncePerName<Series>(make: (name: string) => Series): (name: string) => Series {
  const known = new Map<string, Series>();
  return (name) => {
    const series = known.get(name);
    if (series !== undefined) return series;
    const made = make(name);
    known.set(name, made);
    return made;
  };
}

function ingestMetrics(registry: Registry): Metrics['ingest'] {
  const { counter, histogram } = families(registry);
  const accepted = counter('events_accepted_total', 'Events stored and acknowledged.', 'route');
  const duplicates = counter('events_duplicate_total', 'Requests whose dedup key was already known.', 'route');
  const conflicts = counter('events_conflict_total', 'Duplicates that came with another body.', 'route');
  const proxied = counter('proxied_answers_total', 'What senders got on routes in proxy mode.', 'route', 'outcome');
  const handshakes = counter('handshakes_total', 'Handshakes answered.', 'route');
  const rejected = counter('requests_rejected_total', 'Requests refused.', 'route', 'reason');
  const ack = histogram('ack_seconds', "From the request's head to its 2xx answer.", LATENCY_SECONDS, 'route');
  const of = oncePerName((route) => ({
    accepted: accepted(route),
    duplicates: duplicates(route),
    conflicts: conflicts(route),
    ack: ack(route),
  }));
  return {
    accepted: (route, seconds) => {
      const known = of(route);
      known.accepted.add(1);
      known.ack.observe(seconds);
    },
    duplicate: (route, conflict, seconds) => {
      const known = of(route);
      known.duplicates.add(1);
      if (conflict) known.conflicts.add(1);
      known.ack.observe(seconds);
    },
    proxied: (route, outcome) => proxied(route, outcome).add(1),
    handshake: (route) => handshakes(route).add(1),
    rejected: (route, reason) => rejected(route ?? '', reason).add(1),
  };
}

function deliverMetrics(registry: Registry): Metrics['deliver'] {
  const { counter, histogram } = families(registry);
  const attempts = counter('attempts_total', 'Attempts made.', 'target', 'outcome');
  const deliveries = counter('deliveries_total', 'Deliveries finished by an attempt.', 'target', 'outcome');
  const attemptSeconds = histogram('attempt_seconds', 'Duration of an attempt.', ATTEMPT_SECONDS, 'target');
  const breakers = counter('breaker_transitions_total', 'Breakers that opened and closed.', 'target', 'to');
  const deliverySeconds = histogram('delivery_seconds', 'From acceptance to delivery.', DELIVERY_SECONDS, 'target');
  const filtered = counter('deliveries_filtered_total', 'Deliveries that a filter ended without an attempt.', 'target');
  const of = oncePerName((target) => ({
    attempts: {
      delivered: attempts(target, 'delivered'),
      retry: attempts(target, 'retry'),
      dead: attempts(target, 'dead'),
      paused: attempts(target, 'paused'),
    },
    seconds: attemptSeconds(target),
    delivered: deliveries(target, 'delivered'),
    dead: deliveries(target, 'dead'),
    deliverySeconds: deliverySeconds(target),
  }));
  return {
    attempt: (target, outcome, _statusCode, seconds) => {
      const known = of(target);
      known.attempts[outcome].add(1);
      known.seconds.observe(seconds);
    },
    delivered: (target, seconds) => {
      const known = of(target);
      known.delivered.add(1);
      known.deliverySeconds.observe(seconds);
    },
    filtered: (target) => filtered(target).add(1),
    dead: (target) => of(target).dead.add(1),
    breakerOpened: (target) => breakers(target, 'open').add(1),
    breakerClosed: (target) => breakers(target, 'closed').add(1),
  };
}

function storeMetrics(registry: Registry): Metrics['store'] {
  const { histogram } = families(registry);
  const commitSeconds = histogram('commit_seconds', 'Duration of a group commit, fsync included.', LATENCY_SECONDS)();
  const commitRows = histogram('commit_rows', 'Rows in a group commit.', BATCH_ROWS)();
  const checkpoints = histogram('checkpoint_seconds', 'Duration of a checkpoint.', CHECKPOINT_SECONDS)();
  const registers = [registry];
  const wal = new Gauge({ name: 'hookbay_wal_bytes', help: 'Size of the write-ahead log.', registers });
  // Counters of rare events are shown from the start: an alert on their increase needs the zero before it.
  const errors = new Counter({ name: 'hookbay_checkpoint_errors_total', help: 'Checkpoints that failed.', registers });
  const damaged = new Counter({ name: 'hookbay_damaged_events_total', help: 'Stored events found damaged.', registers });
  const evicted = new Counter({
    name: 'hookbay_events_evicted_total',
    help: 'Finished events removed because the database was larger than storage.retention.maxSize.',
    registers,
  });
  const deleted = new Counter({ name: 'hookbay_events_deleted_total', help: 'Events deleted on request.', registers });
  const trouble = new Gauge({
    name: 'hookbay_storage_trouble',
    help: '1 for each reason for which events are not taken.',
    labelNames: ['reason'],
    registers,
  });
  const jumps = new Counter({
    name: 'hookbay_clock_jumps_total',
    help: 'Jumps of the wall clock by over five minutes.',
    registers,
  });
  return {
    committed: (seconds, rows) => {
      commitSeconds.observe(seconds);
      commitRows.observe(rows);
    },
    walSize: (walBytes) => wal.set(walBytes),
    checkpointed: (seconds) => checkpoints.observe(seconds),
    checkpointFailed: () => errors.inc(),
    trouble: (reasons) => {
      trouble.reset();
      for (const reason of reasons) trouble.set({ reason }, 1);
    },
    damaged: () => damaged.inc(),
    evicted: (events) => evicted.inc(events),
    deleted: (events) => deleted.inc(events),
    clockJumped: () => jumps.inc(),
  };
}

function targetGauges(registry: Registry, sources: MetricSources): () => Promise<void> {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `hookbay_${name}`, help, labelNames: ['target'], registers: [registry] });
  const pending = gauge('deliveries_pending', 'Deliveries that wait for an attempt.');
  const age = gauge('oldest_due_age_seconds', 'How long the oldest due delivery has waited; 0 when none is due.');
  const dead = gauge('dead_letters', 'Dead letters.');
  const held = gauge('deliveries_held', 'Deliveries that wait for a person.');
  const blocked = gauge('ordering_blocked', 'Pending deliveries that wait for another one of their ordering key.');
  const errors = new Counter({
    name: 'hookbay_scrape_errors_total',
    help: 'Scrapes without the gauges of the targets, because the store did not answer.',
    registers: [registry],
  });
  return async () => {
    for (const one of [pending, age, dead, held, blocked]) one.reset();
    try {
      for (const { target, counts, oldestDueAt, blocked: waiting } of await sources.targetCounts()) {
        blocked.set({ target }, waiting);
        pending.set({ target }, counts.pending ?? 0);
        dead.set({ target }, counts.dead ?? 0);
        held.set({ target }, counts.held ?? 0);
        age.set({ target }, oldestDueAt === null ? 0 : Math.max(0, (sources.now() - oldestDueAt) / 1000));
      }
    } catch {
      errors.inc();
    }
  };
}

function processGauges(registry: Registry, sources: MetricSources, loop: LoopDelay, build: BuildInfo): () => void {
  const registers = [registry];
  const ready = new Gauge({ name: 'hookbay_ready', help: '1 while webhooks are taken.', registers });
  const delay = new Gauge({
    name: 'hookbay_event_loop_delay_seconds',
    help: 'Event-loop delay since the last scrape.',
    labelNames: ['quantile'],
    registers,
  });
  const memory = new Gauge({ name: 'hookbay_memory_bytes', help: 'Memory of the process.', labelNames: ['kind'], registers });
  const alerts = new Gauge({
    name: 'hookbay_alerts_firing',
    help: 'Alerts that fire, by what they are about.',
    labelNames: ['kind'],
    registers,
  });
  new Gauge({
    name: 'hookbay_build_info',
    help: 'Always 1; the version is in the labels.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: build.version, node: build.node }, 1);
  return () => {
    ready.set(sources.ready() ? 1 : 0);
    const firing = sources.alertsFiring();
    for (const kind of ALERT_KINDS) if (kind !== 'storage_news') alerts.set({ kind }, firing.get(kind) ?? 0);
    const { rss, heapUsed, external } = sources.memory();
    memory.set({ kind: 'resident' }, rss);
    memory.set({ kind: 'heap' }, heapUsed);
    memory.set({ kind: 'external' }, external);
    if (loop.count > 0) {
      delay.set({ quantile: '0.5' }, loop.percentile(50) / NANOSECONDS);
      delay.set({ quantile: '0.99' }, loop.percentile(99) / NANOSECONDS);
      delay.set({ quantile: '1' }, loop.max / NANOSECONDS);
      loop.reset();
    }
  };
}
