/** How requests prove who sends them; `forged` has a signature of the right form by the wrong secret. */
export type Proof = 'token' | 'hmac' | 'forged';

interface Requests {
  /** Connections are spread over them evenly. */
  urls: readonly string[];
  keyPrefix: string;
  bodySize: number;
  proof: Proof;
  connections: number;
  /** Values that the bodies' `payload.marker` takes at random; 0: always the same. */
  markers: number;
}

/** What the generator is to send. Closed loop: the next request goes out when the last one is answered. */
export type LoadPlan =
  | (Requests & { kind: 'closed'; requests: number | null; seconds: number | null })
  /** Open loop: requests are due at a steady rate, whatever became of the ones before. */
  | (Requests & { kind: 'open'; ratePerSecond: number; seconds: number });

export interface LoadReport {
  sent: number;
  /** Answered 2xx. */
  ok: number;
  /** Anything else, by status; `closed` for connections lost with a request under way. */
  failed: Record<string, number>;
  /** From the first send to the last answer. */
  seconds: number;
  /** Wall ms of the first send. */
  firstSentAt: number;
  lastAnsweredAt: number;
  /** Closed loop: from the send; open loop: from the time at which the request was due. Ms. */
  latencyMs: Percentiles;
  /** Open loop: every latency, so that several loads can be looked at as one. Ms. */
  samplesMs: readonly number[];
  /** Open loop: how late the generator itself was, which is in the latency too. Ms. */
  latenessMs: Percentiles;
}

export interface Percentiles {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** @param samples sorted in place */
export function percentiles(samples: number[]): Percentiles {
  samples.sort((a, b) => a - b);
  const at = (share: number): number => samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export const mean = (samples: readonly number[]): number => samples.reduce((sum, each) => sum + each, 0) / samples.length;
