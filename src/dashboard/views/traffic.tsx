import { useMemo } from 'preact/hooks';
import { Chart, type Line } from '../charts/chart.tsx';
import type { LineLook } from '../charts/plot.ts';
import { perSecond, type Seen, sum } from '../series.ts';
import { clockMinutes, count, latency, rate } from '../words/figures.ts';

const look = (name: string, color: string, dash: readonly number[] = [], isFilled = false): LineLook => ({
  name,
  color,
  dash,
  isFilled,
});

export const LOOKS = {
  accepted: look('accepted', '--good', [], true),
  duplicates: look('duplicates', '--held', [7, 4]),
  rejected: look('rejected', '--bad', [2, 3]),
  delivered: look('delivered', '--good', [], true),
  failed: look('failed', '--wait', [7, 4]),
  dead: look('given up', '--bad', [2, 3]),
  p50: look('p50', '--accent'),
  p99: look('p99', '--held', [7, 4]),
} as const;

/** Counts as a line of rates, with the total beside its name. */
const counted = (seen: Seen, shown: LineLook, counts: readonly number[]): Line => ({
  ...shown,
  values: perSecond(seen, counts),
  summary: count(sum(counts)),
});

/** The highest and the newest of what was measured. */
export function latencyLine(shown: LineLook, values: readonly (number | null)[]): Line {
  const newest = values.findLast((value) => value !== null);
  return { ...shown, values, summary: newest == null ? '–' : latency(newest) };
}

/** `accepted 1,204, duplicates 3, rejected 0 in the last 30 minutes; most at 14:03.` */
export function countWords(seen: Seen, lines: readonly Line[]): string {
  const figures = lines.map(({ name, summary }) => `${name} ${summary}`).join('; ');
  const all = seen.at.map((_, i) => sum(lines.map(({ values }) => values[i] ?? 0)));
  const top = Math.max(...all, 0);
  const most = top === 0 ? '' : ` The most was ${rate(top)}, at ${clockMinutes(seen.at[all.indexOf(top)] ?? 0)}.`;
  return `In the last ${seen.window.words}: ${figures}.${most}`;
}

export function latencyWords(seen: Seen, lines: readonly Line[]): string {
  const parts = lines.map(({ name, values, summary }) => {
    const measured = values.filter((value) => value !== null);
    return measured.length === 0 ? `${name} not measured` : `${name} last ${summary}, at most ${latency(Math.max(...measured))}`;
  });
  return `In the last ${seen.window.words}: ${parts.join('; ')}.`;
}

/** What came in, how soon it was acknowledged, and what became of attempts. */
export function Traffic({ seen }: { seen: Seen }) {
  const { series } = seen.figures;
  const arrived = useMemo(
    () => [
      counted(seen, LOOKS.accepted, series.accepted),
      counted(seen, LOOKS.duplicates, series.duplicates),
      counted(seen, LOOKS.rejected, series.rejected),
    ],
    [seen],
  );
  const attempts = useMemo(
    () => [
      counted(seen, LOOKS.delivered, series.delivered),
      counted(seen, LOOKS.failed, series.failed),
      counted(seen, LOOKS.dead, series.dead),
    ],
    [seen],
  );
  const acks = useMemo(() => [latencyLine(LOOKS.p50, series.ackP50Ms), latencyLine(LOOKS.p99, series.ackP99Ms)], [seen]);
  const { at, window } = seen;
  return (
    <>
      <h2 class="unseen">Traffic</h2>
      <div class="charts">
        <Chart
          title="Requests per second"
          of={`in ${window.label}`}
          {...{ at, lines: arrived, format: rate, words: countWords(seen, arrived) }}
        />
        <Chart
          title="Attempts per second"
          of={`in ${window.label}`}
          {...{ at, lines: attempts, format: rate, words: countWords(seen, attempts) }}
        />
        <Chart
          title="Time to acknowledge"
          of="newest"
          {...{ at, lines: acks, format: latency, words: latencyWords(seen, acks) }}
        />
      </div>
    </>
  );
}
