import type { TargetConfig } from '../config/types.ts';
import { formatRate } from '../config/units.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { TargetCounts, Targets, TargetView } from './ports.ts';
import { UnstoredPauses } from './unstored-pauses.ts';

/** What the dispatcher says of a target. */
interface Running {
  state: 'healthy' | 'retrying';
  since: number | null;
  lastError: { code: string; message: string } | null;
  inFlight: number;
  /** Null while it is closed. */
  breaker: { state: 'open' | 'half_open'; since: number; reason: string; nextProbeAt: number | null } | null;
}

interface Pause {
  at: number;
  reason: string | null;
}

/** How a target is by its last attempt. Who was not tried since the start is not known to fail, and that is said. */
function standing(running: Running | null, counts: TargetCounts | undefined): Pick<TargetView, 'state' | 'since' | 'reason'> {
  if (running !== null && running.breaker !== null) {
    const { state, since, reason } = running.breaker;
    return { state, since, reason };
  }
  if (running === null || running.since === null) return { state: 'healthy', since: null, reason: NOT_TRIED };
  const { state, since, lastError } = running;
  if (state === 'healthy') return { state, since, reason: null };
  const error = lastError?.message ?? null;
  const isWaiting = (counts?.counts.pending ?? 0) > 0;
  return { state, since, reason: isWaiting || error === null ? error : `${error}; nothing is left to retry` };
}

const NOT_TRIED = 'no attempt since the start';

export interface TargetSources {
  configs(): ReadonlyMap<string, TargetConfig>;
  running(target: string): Running | null;
  counts(): Promise<TargetCounts[]>;
  /** Makes a pause last over a restart; resolves once it is on disk. */
  storePause(target: string, reason: string | null): Promise<void>;
  storeResume(target: string): Promise<void>;
  /** Puts it into effect. */
  pause(target: string, reason: string | null): void;
  resume(target: string): void;
  clock: Clock;
  logger: Logger;
}

/** The targets as operators see them: configuration, what runs, what waits, and their pauses. */
export class TargetViews implements Targets {
  readonly #sources: TargetSources;
  readonly #pauses: Map<string, Pause>;
  readonly #unstored: UnstoredPauses;

  /** @param paused the pauses that an earlier run left; put into effect here */
  constructor(sources: TargetSources, paused: readonly { target: string; at: number; reason: string | null }[]) {
    this.#sources = sources;
    this.#unstored = new UnstoredPauses(sources.storePause, sources.clock, sources.logger);
    this.#pauses = new Map(paused.map(({ target, at, reason }) => [target, { at, reason }]));
    for (const { target, reason } of paused) sources.pause(target, reason);
  }

  async list(): Promise<TargetView[]> {
    const counts = new Map((await this.#sources.counts()).map((each) => [each.target, each]));
    return [...this.#sources.configs().values()].map((config) => this.#view(config, counts.get(config.name)));
  }

  async get(name: string): Promise<TargetView | null> {
    return (await this.list()).find((view) => view.name === name) ?? null;
  }

  async pause(name: string, reason: string | null): Promise<TargetView | null> {
    if (!this.#sources.configs().has(name)) return null;
    const before = this.#pauses.get(name);
    const kept = reason ?? before?.reason ?? null;
    const unstored = this.#unstored.drop(name);
    await this.#sources.storePause(name, kept).catch((error: unknown) => this.#goOn(name, unstored, error));
    const at = before?.at ?? this.#sources.clock.now();
    this.#pauses.set(name, { at, reason: kept });
    this.#sources.pause(name, kept);
    return this.get(name);
  }

  async resume(name: string): Promise<TargetView | null> {
    if (!this.#sources.configs().has(name)) return null;
    const unstored = this.#unstored.drop(name);
    await this.#sources.storeResume(name).catch((error: unknown) => this.#goOn(name, unstored, error));
    this.#pauses.delete(name);
    this.#sources.resume(name);
    return this.get(name);
  }

  /** An answer has paused it, which is in effect already; here it is made to last. */
  pausedByAnswer(name: string, reason: string): void {
    this.#pauses.set(name, { at: this.#sources.clock.now(), reason });
    this.#unstored.add(name, reason);
  }

  /** A pause that is not on disk yet is tried no more. */
  close(): void {
    this.#unstored.close();
  }

  /** The store has refused what an operator wanted: a pause that waits to be stored goes on waiting. */
  #goOn(name: string, unstored: { reason: string | null } | null, error: unknown): never {
    if (unstored !== null) this.#unstored.add(name, unstored.reason);
    throw error;
  }

  #view({ name, shownUrl, concurrency, limits, retry }: TargetConfig, counts: TargetCounts | undefined): TargetView {
    const running = this.#sources.running(name);
    const pause = this.#pauses.get(name);
    return {
      name,
      url: shownUrl,
      ...(pause === undefined ? standing(running, counts) : { state: 'paused', since: pause.at, reason: pause.reason }),
      nextProbeAt: pause === undefined ? (running?.breaker?.nextProbeAt ?? null) : null,
      concurrency,
      rateLimit: limits.rate === null ? null : formatRate(limits.rate),
      inFlight: running?.inFlight ?? 0,
      maxAttempts: retry.attempts,
      counts: counts?.counts ?? {},
      oldestDueAt: counts?.oldestDueAt ?? null,
    };
  }
}
