import type { z } from 'zod';
import type * as ports from './ports.ts';
import type * as shapes from './shapes.ts';

type Json = z.output<typeof shapes.stats>;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A step of a latency is right to a quarter, so more digits would only say what nobody knows. */
const rounded = (values: readonly (number | null)[]): (number | null)[] =>
  values.map((value) => (value === null ? null : Number(value.toPrecision(3))));

/**
 * Totals, and what happened lately.
 * @param window ms
 * @param step ms
 */
export async function statsJson(
  { history, figures }: Pick<ports.AdminPorts, 'history' | 'figures'>,
  { window, step }: { window: number; step: number },
  now: number,
): Promise<Json> {
  const targets = await history.targetCounts();
  const { at, counts, p50, p99 } = figures.all(window, step);
  const due = targets.flatMap(({ oldestDueAt }) => (oldestDueAt === null ? [] : [oldestDueAt]));
  return {
    at: iso(now),
    totals: totalsOf(targets),
    oldestDueAt: due.length === 0 ? null : iso(Math.min(...due)),
    series: { at: at.map(iso), ...counts, ackP50Ms: rounded(p50), ackP99Ms: rounded(p99) },
    targets: targets.map(({ target, counts: ofTarget, oldestDueAt }) => ({
      target,
      counts: ofTarget,
      oldestDueAt: oldestDueAt === null ? null : iso(oldestDueAt),
      series: seriesOf(figures.target(target, window, step)),
    })),
  };
}

function seriesOf(figures: ports.FiguresView | null): Json['targets'][number]['series'] {
  if (figures === null) return null;
  const { delivered, failed, dead } = figures.counts;
  return { delivered, failed, dead, p50Ms: rounded(figures.p50), p99Ms: rounded(figures.p99) };
}

function totalsOf(targets: readonly ports.TargetCounts[]): ports.TargetCounts['counts'] {
  const totals: ports.TargetCounts['counts'] = {};
  for (const { counts } of targets) {
    for (const [status, count] of Object.entries(counts)) {
      const key = status as keyof typeof totals;
      totals[key] = (totals[key] ?? 0) + count;
    }
  }
  return totals;
}
