import type { TargetSeries } from '../api/relay.ts';
import { sum } from '../series.ts';
import { count } from '../words/figures.ts';

const BARS = 60;
const UP = 20;
const DOWN = 10;

/** Neighbouring steps added up. */
function bars(values: readonly number[]): number[] {
  const size = Math.max(1, Math.ceil(values.length / BARS));
  const all: number[] = [];
  for (let i = values.length; i > 0; i -= size) all.unshift(sum(values.slice(Math.max(0, i - size), i)));
  return all;
}

function path(values: readonly number[], top: number, height: number, direction: -1 | 1): string {
  return values
    .map((value, i) => {
      if (value === 0) return '';
      // What happened at all is to be seen.
      const tall = Math.max(1, (value / top) * height) * direction;
      return `M${i + 0.1} ${UP + direction * 0.5}h.8v${tall.toFixed(2)}h-.8z`;
    })
    .join('');
}

/** Attempts lately: those that delivered grow upwards, those that failed hang downwards. */
export function Spark({ series, words }: { series: TargetSeries | null; words: string }) {
  const good = bars(series?.delivered ?? []);
  const bad = bars((series?.failed ?? []).map((failed, i) => failed + (series?.dead[i] ?? 0)));
  const [delivered, failed] = [sum(good), sum(bad)];
  const label = `Attempts in the last ${words}: ${count(delivered)} delivered, ${count(failed)} failed`;
  return (
    <svg class="spark" viewBox={`0 0 ${BARS} ${UP + DOWN + 1}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <path class="spark-ground" d={`M0 ${UP}H${BARS}`} />
      <g transform={`translate(${BARS - good.length})`}>
        <path class="spark-good" d={path(good, Math.max(...good, 1), UP - 1, -1)} />
        <path class="spark-bad" d={path(bad, Math.max(...bad, ...good, 1), DOWN, 1)} />
      </g>
    </svg>
  );
}
