import type { Target } from '../api/types.ts';
import { clock } from './figures.ts';

/** How a target is, in a word or two, and the tone it is shown in. */
export function stateWords({ state, since, counts }: Target): { name: string; tone: string } {
  switch (state) {
    case 'healthy':
      // `since` is null while nothing was attempted: then nobody knows yet.
      return since === null ? { name: 'no attempt yet', tone: 'unknown' } : { name: state, tone: state };
    case 'retrying':
      return { name: (counts.pending ?? 0) > 0 ? 'failing, retrying' : 'failing', tone: state };
    case 'open':
      return { name: 'down, waiting', tone: 'paused' };
    case 'half_open':
      return { name: 'down, trying one', tone: 'retrying' };
    case 'paused':
      return { name: state, tone: state };
    default:
      return state satisfies never;
  }
}

/** When a target that is down is tried again; empty for others. */
export function probeWords({ state, nextProbeAt }: Target): string {
  if (state === 'half_open') return 'The next delivery that is due is tried alone.';
  if (state !== 'open' || nextProbeAt === null) return '';
  return `Everything waits, and spends no attempts. One delivery is tried at ${clock(nextProbeAt)}.`;
}
