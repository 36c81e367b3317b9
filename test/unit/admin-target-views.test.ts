import { beforeEach, describe, expect, it } from 'vitest';
import type { TargetCounts, TargetView } from '../../src/admin/ports.ts';
import { type TargetSources, TargetViews } from '../../src/admin/target-views.ts';
import { loadConfig } from '../../src/config/load.ts';
import { TargetHealth } from '../../src/deliver/health.ts';
import { systemClock } from '../../src/domain/clock.ts';

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

function views(paused: { target: string; at: number; reason: string | null }[] = []): TargetViews {
  const sources: TargetSources = {
    configs,
    running: () => ({ ...health.view, inFlight: 0 }),
    counts: async () => [{ target: 'app', counts, oldestDueAt: null }],
    storePause: async (_target, reason) => void stored.push(reason),
    storeResume: async () => undefined,
    pause: (_target, reason) => void inEffect.push(reason),
    resume: () => undefined,
    clock: { ...systemClock, now: () => now },
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
  now = NOW;
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
