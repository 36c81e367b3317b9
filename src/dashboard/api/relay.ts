import type { Counts } from './types.ts';

/** Figures over time, one entry for each step, oldest first; null where nothing was measured. */
export interface TargetSeries {
  delivered: number[];
  failed: number[];
  dead: number[];
  p50Ms: (number | null)[];
  p99Ms: (number | null)[];
}

export interface RelaySeries extends Pick<TargetSeries, 'delivered' | 'failed' | 'dead'> {
  /** Beginning of each step; the last one is not over. */
  at: string[];
  accepted: number[];
  duplicates: number[];
  rejected: number[];
  ackP50Ms: (number | null)[];
  ackP99Ms: (number | null)[];
}

export interface Figures {
  at: string;
  totals: Counts;
  oldestDueAt: string | null;
  series: RelaySeries;
  targets: { target: string; series: TargetSeries | null }[];
}

/** How failed deliveries are tried again, as the configuration shows it; other relays know more or fewer keys. */
export interface ShownRetry {
  attempts?: number | null;
  duration?: string | null;
  backoff?: string;
  initial?: string;
  factor?: number;
  max?: string;
  delays?: string[];
  jitter?: number;
}

/** What the configuration shows of one route's way to a target: its name, or that with rules. */
export type ShownEdge = string | ({ target: string } & Record<string, unknown>);

/** The effective configuration, secrets hidden. */
export interface EffectiveConfig {
  storage?: { url?: string; retention?: Record<string, string | null> };
  targets: Record<string, { retry?: ShownRetry } & Record<string, unknown>>;
  routes: Record<string, { deliver?: ShownEdge[] } & Record<string, unknown>>;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  peer: string;
  action: string;
  subject: string | null;
  status: number;
  detail: string;
}

export interface Provider {
  name: string;
  label: string;
  known: string;
  verifies: string;
  note: string;
  verify: string[];
  handshakeSetting: string | null;
  needsPublicUrl: boolean;
  settings: { name: string; meaning: string; need: string }[];
  dedupKey: string[];
  eventType: string[];
  handshakes: string[];
  answers: string | null;
  send: string | null;
}
