import { Gauge, type Registry } from 'prom-client';

/** The breaker of one target. */
export interface BreakerReading {
  target: string;
  phase: 'closed' | 'half_open' | 'open';
}

const BREAKER_VALUES = { closed: 0, half_open: 1, open: 2 } as const;

/** @returns what brings it up to date */
export function breakerGauge(registry: Registry, sources: { breakers(): readonly BreakerReading[] }): () => void {
  const state = new Gauge({
    name: 'hookbay_breaker_state',
    help: 'Breaker of a target: 0 closed, 1 half open, 2 open.',
    labelNames: ['target'],
    registers: [registry],
  });
  return () => {
    state.reset();
    for (const { target, phase } of sources.breakers()) state.set({ target }, BREAKER_VALUES[phase]);
  };
}
