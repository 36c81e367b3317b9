import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { DeliverObserver } from '../../src/deliver/ports.ts';
import type { IngestObserver } from '../../src/ingest/ports.ts';
import type { StoreObserver } from '../../src/store/sqlite/ports.ts';
import { createMetrics, type MetricSources, type Metrics } from '../../src/telemetry/metrics.ts';

const sources: MetricSources = {
  targetCounts: async () => [
    { target: 'app', counts: { pending: 7, dead: 2, held: 1 }, oldestDueAt: 90_000, blocked: 3 },
    { target: 'idle', counts: {}, oldestDueAt: null, blocked: 0 },
  ],
  now: () => 100_000,
  ready: () => true,
  alertsFiring: () => new Map([['breaker_open', 2]]),
  breakers: () => [
    { target: 'app', phase: 'open' },
    { target: 'idle', phase: 'closed' },
  ],
  memory: () => ({ rss: 100, heapUsed: 50, external: 5 }),
};

let open: Metrics | null = null;
function make(changes: Partial<MetricSources> = {}): Metrics {
  open = createMetrics({ ...sources, ...changes }, { version: '1.2.3', node: '26.0.0' });
  return open;
}
afterEach(() => open?.close());

/** Sets every family off at least once. */
function exercise(metrics: Metrics): void {
  const ingest: IngestObserver = metrics.ingest;
  // What becomes of a delivery is told to those who watch, not measured.
  const deliver: Omit<DeliverObserver, 'settled'> = metrics.deliver;
  // What is alarming is logged and told, not measured.
  const store: Omit<StoreObserver, 'walAlarm'> = metrics.store;
  ingest.accepted('knowledgesdk', 0.003);
  ingest.duplicate('knowledgesdk', true, 0.001);
  ingest.handshake('slack');
  ingest.rejected('knowledgesdk', 'verification_failed', 401);
  ingest.rejected(null, 'unknown_path', 404);
  deliver.attempt('app', 'retry', 500, 0.2);
  deliver.attempt('app', 'delivered', 200, 0.02);
  deliver.delivered('app', 5);
  deliver.dead('app', 'dlv_1', 'budget_used');
  deliver.breakerOpened('app', 'ten in a row');
  deliver.breakerClosed('app', 'the probe succeeded');
  deliver.breakerOpened('app', 'ten in a row');
  store.committed(0.004, 16);
  store.walSize(4096);
  store.checkpointed(0.002);
  store.checkpointFailed('SQLITE_IOERR');
  store.trouble(['disk_low', 'checkpoint_failing']);
  store.damaged('dlv_1');
  metrics.store.clockJumped();
}

describe('metrics', () => {
  it('counts requests by route and reason', async () => {
    const metrics = make();
    exercise(metrics);
    const text = await metrics.metrics();
    expect(text).toContain('hookbay_events_accepted_total{route="knowledgesdk"} 1');
    expect(text).toContain('hookbay_events_conflict_total{route="knowledgesdk"} 1');
    expect(text).toContain('hookbay_requests_rejected_total{route="knowledgesdk",reason="verification_failed"} 1');
    expect(text).toContain('hookbay_requests_rejected_total{route="",reason="unknown_path"} 1');
    expect(text).toContain('hookbay_attempts_total{target="app",outcome="retry"} 1');
    expect(text).toContain('hookbay_checkpoint_errors_total 1');
    expect(text).toContain('hookbay_breaker_state{target="app"} 2');
    expect(text).toContain('hookbay_breaker_state{target="idle"} 0');
    expect(text).toContain('hookbay_breaker_transitions_total{target="app",to="open"} 2');
    expect(text).toContain('hookbay_breaker_transitions_total{target="app",to="closed"} 1');
    expect(text).toContain('hookbay_build_info{version="1.2.3",node="26.0.0"} 1');
  });

  it('counts what waits for its order, by target', async () => {
    const text = await make().metrics();
    expect(text).toContain('hookbay_ordering_blocked{target="app"} 3');
    expect(text).toContain('hookbay_ordering_blocked{target="idle"} 0');
  });

  it('adds up over several scrapes', async () => {
    const metrics = make();
    metrics.ingest.accepted('r', 0.003);
    await metrics.metrics();
    metrics.ingest.accepted('r', 0.003);
    const text = await metrics.metrics();
    expect(text).toContain('hookbay_events_accepted_total{route="r"} 2');
    expect(text).toContain('hookbay_ack_seconds_count{route="r"} 2');
  });

  it('writes cumulative histogram buckets, bounds inclusive', async () => {
    const metrics = make();
    for (const seconds of [0.0004, 0.005, 0.0051, 99]) metrics.ingest.accepted('r', seconds);
    const text = await metrics.metrics();
    expect(text).toContain('hookbay_ack_seconds_bucket{le="0.0005",route="r"} 1');
    expect(text).toContain('hookbay_ack_seconds_bucket{le="0.005",route="r"} 2');
    expect(text).toContain('hookbay_ack_seconds_bucket{le="0.01",route="r"} 3');
    expect(text).toContain('hookbay_ack_seconds_bucket{le="5",route="r"} 3');
    expect(text).toContain('hookbay_ack_seconds_bucket{le="+Inf",route="r"} 4');
    expect(text).toMatch(/hookbay_ack_seconds_sum\{route="r"\} 99\.0105/);
  });

  it('shows what troubles the store only while it does', async () => {
    const metrics = make();
    metrics.store.trouble(['disk_low', 'checkpoint_failing']);
    metrics.store.trouble(['disk_low']);
    const text = await metrics.metrics();
    expect(text).toContain('hookbay_storage_trouble{reason="disk_low"} 1');
    expect(text).not.toContain('checkpoint_failing');
  });

  it('shows backlog and age per target', async () => {
    const text = await make().metrics();
    expect(text).toContain('hookbay_deliveries_pending{target="app"} 7');
    expect(text).toContain('hookbay_oldest_due_age_seconds{target="app"} 10');
    expect(text).toContain('hookbay_oldest_due_age_seconds{target="idle"} 0');
    expect(text).toContain('hookbay_dead_letters{target="app"} 2');
    expect(text).toContain('hookbay_ready 1');
  });

  it('still answers when the store does not', async () => {
    const metrics = make({ targetCounts: () => Promise.reject(new Error('busy')) });
    const text = await metrics.metrics();
    expect(text).toContain('hookbay_scrape_errors_total 1');
    expect(text).not.toContain('hookbay_deliveries_pending{');
  });

  it('has a row in the documentation for each metric, and no metric without one', async () => {
    const metrics = make();
    exercise(metrics);
    const text = await metrics.metrics();
    const measured = [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].map((match) => `${match[1]} ${match[2]}`);
    const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `(hookbay_\w+)` \| (\w+)/gm)].map((match) => `${match[1]} ${match[2]}`);
    expect(documented.toSorted()).toEqual(measured.toSorted());
    expect(measured.length).toBeGreaterThan(20);
  });
});
