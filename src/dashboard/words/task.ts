import type { Task } from '../api/types.ts';
import { count } from './figures.ts';

type Figures = Pick<Task, 'kind' | 'status' | 'matched' | 'done' | 'failed'>;

const DOINGS: Record<string, string> = { replay: 'replayed', export: 'exported' };

/** `3 of 4 replayed, 1 could not be` */
export function taskWords({ kind, matched, done, failed }: Figures): string {
  const doing = DOINGS[kind] ?? 'done';
  return `${count(done)} of ${count(matched)} ${doing}${failed > 0 ? `, ${count(failed)} could not be` : ''}`;
}

const TONES: Record<string, string> = { failed: 'bad', running: 'wait', pending: 'wait' };

/** The colour of its status: one that came to its end without doing all of it is no success. */
export function taskTone({ status, done, failed }: Figures): string {
  if (status !== 'completed') return TONES[status] ?? 'unknown';
  if (failed === 0) return 'good';
  return done === 0 ? 'bad' : 'wait';
}

/** How full its bar is: while it runs of what was looked at, at its end of what worked. */
export function taskBar({ status, matched, done, failed }: Figures): { max: number; value: number } {
  const max = Math.max(matched, 1);
  return { max, value: status === 'completed' ? Math.max(0, max - failed) : Math.min(done + failed, max) };
}
