import type { Target } from '../api/types.ts';

interface StateWords {
  name: string;
  /** Names a colour; what is not known here has none. */
  tone: 'good' | 'bad' | 'wait' | 'unknown';
  /** What it means for deliveries, in a sentence; empty when the name says it all. */
  meaning: string;
}

const STATES: Record<string, StateWords> = {
  healthy: { name: 'healthy', tone: 'good', meaning: 'The last attempt was delivered.' },
  retrying: { name: 'failing', tone: 'bad', meaning: 'The last attempt failed.' },
  paused: {
    name: 'paused',
    tone: 'wait',
    meaning: 'Nothing is attempted until somebody resumes it. Events are still accepted and wait.',
  },
  open: { name: 'breaker open', tone: 'bad', meaning: 'So much failed that nothing is sent until a probe gets through.' },
  half_open: {
    name: 'breaker half open',
    tone: 'wait',
    meaning: 'The next attempt is a probe: when it gets through, the others follow.',
  },
};

/** `since` is null while nothing was attempted: then nobody knows yet. A state of a newer relay is shown by its name. */
export function stateWords({ state, since, counts }: Pick<Target, 'state' | 'since' | 'counts'>): StateWords {
  if (state === 'healthy' && since === null) {
    return { name: 'no attempt yet', tone: 'unknown', meaning: 'Nothing was attempted since the start.' };
  }
  const known = Object.hasOwn(STATES, state) ? STATES[state] : undefined;
  if (known === undefined) return { name: state.replaceAll('_', ' '), tone: 'unknown', meaning: '' };
  const isRetrying = state === 'retrying' && (counts.pending ?? 0) > 0;
  return isRetrying
    ? { ...known, name: 'failing, retrying', meaning: 'The last attempt failed; what waits is tried again on its schedule.' }
    : known;
}
