import type { AttemptResult } from './classify.ts';
import { BLAMES_TARGET } from './failure.ts';

/** What an attempt says about its target: it works, it does not, or nothing at all. */
export type Verdict = 'works' | 'fails' | 'nothing';

/**
 * Statuses by which a target that works refuses one event: its form, a conflict, its size, its media type, its content. A
 * replay of a hundred events that the target will not have must not hold up those that it will.
 */
const ABOUT_THE_EVENT: ReadonlySet<number> = new Set([400, 409, 413, 415, 422]);

/** What its breaker has to know of an attempt. */
export function verdict({ failure, statusCode }: AttemptResult): Verdict {
  if (failure === null) return 'works';
  if (failure.code === 'target_status' && statusCode !== null && ABOUT_THE_EVENT.has(statusCode)) return 'works';
  return BLAMES_TARGET[failure.code] ? 'fails' : 'nothing';
}
