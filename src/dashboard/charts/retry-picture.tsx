import type { ShownRetry } from '../api/relay.ts';
import { duration } from '../words/figures.ts';
import { attemptTimes, retryWords } from '../words/retry.ts';

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const DAY = 24 * H;
const TICKS = [
  ...[S, 2 * S, 5 * S, 10 * S, 30 * S, MIN, 2 * MIN, 5 * MIN, 10 * MIN, 30 * MIN],
  ...[H, 3 * H, 6 * H, 12 * H, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY],
];

/** A time's place from the left in percent: waits grow, so the scale shrinks with them. */
function placer(times: readonly number[]): (ms: number) => number {
  const first = Math.max(times[1] ?? S, 1);
  const all = Math.log1p((times.at(-1) ?? S) / first);
  return (ms) => 2 + (94 * Math.log1p(ms / first)) / (all || 1);
}

/** When attempts are made, as dots on a line, and the same in words. */
export function RetryPicture({ retry }: { retry: ShownRetry }) {
  const times = attemptTimes(retry);
  if (times === null) return <p class="muted">This page cannot draw this schedule; it stands among the settings below.</p>;
  const place = placer(times);
  const end = times.at(-1) ?? 0;
  // Thousands of attempts are no more to see than the places that they take.
  const dots = [...new Set(times.slice(0, -1).map((time) => place(time).toFixed(1)))];
  let last = 0;
  const ticks = TICKS.filter((tick) => {
    // Labels must not run into each other on a phone.
    const isShown = tick <= end && place(tick) - last > 15 && place(tick) < 97;
    if (isShown) last = place(tick);
    return isShown;
  });
  return (
    <div class="schedule">
      {times.length > 1 && (
        <svg width="100%" height="64" aria-hidden="true">
          <line class="schedule-line" x1="2%" x2="96%" y1="24" y2="24" />
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="schedule-tick" x1={`${place(tick)}%`} x2={`${place(tick)}%`} y1="24" y2="42" />
              <text x={`${place(tick)}%`} y="58" text-anchor="middle">
                {duration(tick)}
              </text>
            </g>
          ))}
          {dots.map((left) => (
            <circle key={left} class="schedule-dot" cx={`${left}%`} cy="24" r="4.5" />
          ))}
          <circle class="schedule-last" cx={`${place(end)}%`} cy="24" r="6" />
        </svg>
      )}
      <p>{retryWords(retry, times)}</p>
    </div>
  );
}
