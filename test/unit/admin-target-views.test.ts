import { beforeEach, describe, expect, it } from 'vitest';
import type { TargetCounts, TargetView } from '../../src/admin/ports.ts';
import { type TargetSources, TargetViews } from '../../src/admin/target-views.ts';
import { loadConfig } from '../../src/config/load.ts';
import { TargetHealth } from '../../src/deliver/health.ts';
import { createManualClock, type ManualClock, settled } from '../support/manual-clock.ts';

const log = () => undefined;
const NOW = Date.UTC(2026, 2, 20, 15);
const REFUSED = { code: 'connection_refused', message: 'The connection was refused' } as const;

function configs() {
  const loaded = loadConfig('routes: { app: { path: /app, verify: none, deliver: http://app/ } }', { file: null, env: {} });
  if (!loaded.ok) throw new Error('the configuration is wrong');
  return loaded.config.targets;
}

let health: TargetHealth;
let counts: TargetCounts['counts'];
let stored: (string | null)[];
let inEffect: (string | null)[];
let now: number;
let clock: ManualClock;
let storeFault: Error | null;
let breaker: ReturnType<TargetSources['running']> extends { breaker: infer B } | null ? B : never;

function views(paused: { target: string; at: number; reason: string | null }[] = []): TargetViews {
  const sources: TargetSources = {
    configs,
    running: () => ({ ...health.view, inFlight: 0, breaker }),
    counts: async () => [{ target: 'app', counts, oldestDueAt: null, blocked: 0 }],
    storePause: async (_target, reason) => {
      if (storeFault !== null) throw storeFault;
      stored.push(reason);
    },
    storeResume: async () => {
      if (storeFault !== null) throw storeFault;
      stored.push('resumed');
    },
    pause: (_target, reason) => void inEffect.push(reason),
    resume: () => undefined,
    clock: { ...clock, now: () => now },
    logger: { debug: log, info: log, warn: log, error: log },
  };
  return new TargetViews(sources, paused);
}

async function shown(from = views()): Promise<Pick<TargetView, 'state' | 'since' | 'reason'>> {
  const { state, since, reason } = (await from.get('app')) ?? expect.fail('there is no such target');
  return { state, since, reason };
}

beforeEach(() => {
  health = new TargetHealth('app', { debug: log, info: log, warn: log, error: log });
  counts = { dead: 2 };
  stored = [];
  inEffect = [];
  clock = createManualClock();
  storeFault = null;
  now = NOW;
  breaker = null;
});

describe('how a target is', () => {
  it('is not known before its first attempt, and that is said', async () => {
    expect(await shown()).toEqual({ state: 'healthy', since: null, reason: 'no attempt since the start' });
  });

  it('is healthy since the first success', async () => {
    health.succeeded(NOW);
    health.succeeded(NOW + 1);
    expect(await shown()).toEqual({ state: 'healthy', since: NOW, reason: null });
  });

  it('is retrying while its last attempt failed, and says so when nothing is left to retry', async () => {
    health.succeeded(NOW);
    health.failed(NOW + 1, REFUSED);
    health.failed(NOW + 2, REFUSED);
    counts = { dead: 2, pending: 1 };
    expect(await shown()).toEqual({ state: 'retrying', since: NOW + 1, reason: REFUSED.message });
    counts = { dead: 3, pending: 0 };
    expect(await shown()).toEqual({
      state: 'retrying',
      since: NOW + 1,
      reason: `${REFUSED.message}; nothing is left to retry`,
    });
    health.succeeded(NOW + 3);
    expect(await shown()).toEqual({ state: 'healthy', since: NOW + 3, reason: null });
  });
});

describe('an open breaker', () => {
  it('is shown before what the attempts say, and a pause before it', async () => {
    health.failed(NOW, REFUSED);
    breaker = { state: 'open', since: NOW + 1, reason: '10 attempts in a row failed', nextProbeAt: NOW + 5_001 };
    const all = views();
    expect(await all.get('app')).toMatchObject({ ...breaker, state: 'open' });
    breaker = { ...breaker, state: 'half_open', nextProbeAt: null };
    expect(await all.get('app')).toMatchObject({ state: 'half_open', since: NOW + 1, nextProbeAt: null });
    breaker = { ...breaker, state: 'open', nextProbeAt: NOW + 5_001 };
    await all.pause('app', 'migration');
    expect(await all.get('app')).toMatchObject({ state: 'paused', reason: 'migration', nextProbeAt: null });
  });
});

describe('a second pause', () => {
  it('keeps time and reason of the first when it gives none', async () => {
    const all = views();
    await all.pause('app', 'migration');
    now += 1_000;
    await all.pause('app', null);
    expect(await shown(all)).toEqual({ state: 'paused', since: NOW, reason: 'migration' });
    expect(stored).toEqual(['migration', 'migration']);
    expect(inEffect).toEqual(['migration', 'migration']);
    await all.pause('app', 'longer than planned');
    expect(await shown(all)).toEqual({ state: 'paused', since: NOW, reason: 'longer than planned' });
  });

  it('keeps the reason of an earlier run, and none after a resume', async () => {
    const all = views([{ target: 'app', at: 5, reason: 'migration' }]);
    await all.pause('app', null);
    expect(await shown(all)).toEqual({ state: 'paused', since: 5, reason: 'migration' });
    await all.resume('app');
    await all.pause('app', null);
    expect(await shown(all)).toEqual({ state: 'paused', since: NOW, reason: null });
  });
});

describe('a pause by an answer', () => {
  const GONE = 'target answered 410';
  const full = new Error('no room');

  it('is shown like any other and stored; a resume frees it', async () => {
    const all = views();
    all.pausedByAnswer('app', GONE);
    expect(await shown(all)).toEqual({ state: 'paused', since: NOW, reason: GONE });
    expect(stored).toEqual([GONE]);
    await all.resume('app');
    await clock.advance(60_000);
    expect(stored).toEqual([GONE, 'resumed']);
    expect(await shown(all)).toMatchObject({ state: 'healthy' });
  });

  it('that cannot be stored is shown all the same, and tried until it is on disk, once', async () => {
    const all = views();
    storeFault = full;
    all.pausedByAnswer('app', GONE);
    await clock.advance(2_500);
    expect(await shown(all)).toMatchObject({ state: 'paused', reason: GONE });
    expect(stored).toEqual([]);
    storeFault = null;
    await clock.advance(60_000);
    expect(stored).toEqual([GONE]);
  });

  it('is not stored after a resume, however long that took', async () => {
    const all = views();
    storeFault = full;
    all.pausedByAnswer('app', GONE);
    await settled();
    storeFault = null;
    const resumed = all.resume('app');
    await clock.advance(60_000);
    await resumed;
    expect(stored).toEqual(['resumed']);
  });

  it('goes on being stored when the resume itself could not be', async () => {
    const all = views();
    storeFault = full;
    all.pausedByAnswer('app', GONE);
    await settled();
    await expect(all.resume('app')).rejects.toBe(full);
    expect(await shown(all)).toMatchObject({ state: 'paused', reason: GONE });
    storeFault = null;
    await clock.advance(60_000);
    expect(stored).toEqual([GONE]);
  });

  it('is tried no more once the relay stops', async () => {
    const all = views();
    storeFault = full;
    all.pausedByAnswer('app', GONE);
    await settled();
    all.close();
    storeFault = null;
    await clock.advance(60_000);
    expect(stored).toEqual([]);
    expect(clock.timers()).toBe(0);
  });
});
