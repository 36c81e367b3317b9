import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveFigures } from '../../src/telemetry/live-figures.ts';
import { LONGEST_WINDOW_MS, Series } from '../../src/telemetry/series.ts';

const NOW = Date.UTC(2026, 2, 20, 14, 30);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('a series', () => {
  it('counts each thing once, in the step in which it happened', () => {
    const series = new Series();
    series.count(NOW - 25_000, 'accepted');
    series.count(NOW, 'accepted');
    series.count(NOW, 'dead');
    const { at, counts } = series.figures(NOW, 60_000, 10_000);
    expect(at).toHaveLength(6);
    expect(at.at(-1)).toBe(NOW);
    expect(counts.accepted).toEqual([0, 0, 1, 0, 0, 1]);
    expect(counts.dead).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('forgets what is older than its window, also when nothing came meanwhile', () => {
    const series = new Series();
    series.count(NOW, 'accepted');
    series.observe(NOW, 0.01);
    const later = NOW + LONGEST_WINDOW_MS;
    const { counts, p50 } = series.figures(later, LONGEST_WINDOW_MS, 300_000);
    expect(sum(counts.accepted)).toBe(0);
    expect(p50.every((value) => value === null)).toBe(true);
  });

  it('has quantiles that are right to a quarter, and none where nothing was measured', () => {
    const series = new Series();
    for (let i = 0; i < 98; i += 1) series.observe(NOW, 0.002);
    for (let i = 0; i < 2; i += 1) series.observe(NOW, 0.5);
    const { p50, p99 } = series.figures(NOW, 20_000, 10_000);
    expect(p50[0]).toBeNull();
    expect(p50[1]).toBeGreaterThanOrEqual(2);
    expect(p50[1]).toBeLessThanOrEqual(2.5);
    expect(p99[1]).toBeGreaterThanOrEqual(500);
    expect(p99[1]).toBeLessThanOrEqual(625);
  });

  it('loses nothing within the window, whatever the step that is asked for', () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 1_200_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(offsets, fc.constantFrom(5_000, 10_000, 60_000, 300_000), (ages, stepMs) => {
        const series = new Series();
        for (const age of ages.toSorted((a, b) => b - a)) series.count(NOW - age, 'delivered');
        expect(sum(series.figures(NOW, 1_800_000, stepMs).counts.delivered)).toBe(ages.length);
      }),
    );
  });
});

describe('live figures', () => {
  it('keep the relay and each target apart, and know when a route was last heard of', () => {
    const figures = new LiveFigures(() => NOW);
    figures.accepted('hook', 0.001);
    figures.duplicate(0.001);
    figures.rejected(null);
    figures.attempt('app', 'delivered', 0.01);
    figures.attempt('app', 'retry', 0.01);
    figures.attempt('audit', 'dead', 0.01);
    const { counts } = figures.all(10_000, 10_000);
    const shown = { accepted: [1], duplicates: [1], rejected: [1], delivered: [1], failed: [1], dead: [1] };
    expect(counts).toEqual(shown);
    expect(figures.target('app', 10_000, 10_000)?.counts).toMatchObject({ delivered: [1], failed: [1], dead: [0] });
    expect(figures.target('nobody', 10_000, 10_000)).toBeNull();
    expect(figures.route('hook')).toEqual({ acceptedAt: NOW, rejectedAt: null });
    figures.rejected('hook');
    expect(figures.route('hook').rejectedAt).toBe(NOW);
  });
});
