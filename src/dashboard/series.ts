import { useCallback, useRef } from 'preact/hooks';
import { get, query } from './api/client.ts';
import type { Figures } from './api/relay.ts';
import { usePolled } from './polling.ts';

export type WindowName = '30m' | '3h' | '24h';

interface Window {
  name: WindowName;
  label: string;
  words: string;
  step: string;
  stepMs: number;
  everyMs: number;
}

/** Steps that the relay keeps: 5 s for half an hour, 5 min for a day. About a hundred points each is what a picture shows well. */
export const WINDOWS: readonly Window[] = [
  { name: '30m', label: '30 min', words: '30 minutes', step: '15s', stepMs: 15_000, everyMs: 5_000 },
  { name: '3h', label: '3 h', words: '3 hours', step: '5m', stepMs: 300_000, everyMs: 15_000 },
  { name: '24h', label: '24 h', words: '24 hours', step: '15m', stepMs: 900_000, everyMs: 60_000 },
];

const FIRST = WINDOWS[0] as Window;

export const windowOf = (name: string | null): Window => WINDOWS.find((each) => each.name === name) ?? FIRST;

/** Figures with the window that they are of. */
export interface Seen {
  window: Window;
  figures: Figures;
  /** Wall ms of the beginning of each step. */
  at: number[];
}

/** The figures of a window, kept up to date. While another window is asked for, the last one's are shown. */
export function useFigures(name: WindowName): { seen: Seen | null; trouble: string | null } {
  const window = windowOf(name);
  const last = useRef<Seen | null>(null);
  const load = useCallback(
    async (signal: AbortSignal): Promise<Seen> => {
      const figures = await get<Figures>(`stats${query({ window: window.name, step: window.step })}`, signal);
      return { window, figures, at: figures.series.at.map((text) => Date.parse(text)) };
    },
    [window],
  );
  const { value, trouble } = usePolled(load, window.everyMs);
  if (value !== null) last.current = value;
  return { seen: last.current, trouble };
}

/**
 * Counts of steps as rates per second. The step that is not over counts for the time that it has had; null while that is
 * too short to say anything.
 */
export function perSecond({ window, figures, at }: Seen, counts: readonly number[]): (number | null)[] {
  const elapsed = Date.parse(figures.at) - (at.at(-1) ?? 0);
  return counts.map((count, i) => {
    if (i < counts.length - 1) return count / (window.stepMs / 1_000);
    return elapsed < Math.min(window.stepMs / 3, 10_000) ? null : count / (Math.min(elapsed, window.stepMs) / 1_000);
  });
}

/** The share of attempts that failed, 0 to 1; null where none was made. */
export function failedShare(series: Pick<Figures['series'], 'delivered' | 'failed' | 'dead'>): (number | null)[] {
  return series.delivered.map((delivered, i) => {
    const bad = (series.failed[i] ?? 0) + (series.dead[i] ?? 0);
    return delivered + bad === 0 ? null : bad / (delivered + bad);
  });
}

export const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, each) => all + (each ?? 0), 0);

/** The newest that was measured. */
export const latest = (values: readonly (number | null)[]): number | null => values.findLast((value) => value !== null) ?? null;
