import type { TargetConfig } from '../config/types.ts';
import type { TargetCounts, Targets, TargetView } from './ports.ts';

/** What the dispatcher says of a target. */
interface Running {
  state: 'healthy' | 'retrying';
  since: number | null;
  lastError: { code: string; message: string } | null;
  inFlight: number;
}

interface Pause {
  at: number;
  reason: string | null;
}

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
  now(): number;
}

/** The targets as operators see them: configuration, what runs, what waits, and their pauses. */
export class TargetViews implements Targets {
  readonly #sources: TargetSources;
  readonly #pauses: Map<string, Pause>;

  /** @param paused the pauses that an earlier run left; put into effect here */
  constructor(sources: TargetSources, paused: readonly { target: string; at: number; reason: string | null }[]) {
    this.#sources = sources;
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
    await this.#sources.storePause(name, reason);
    const at = this.#pauses.get(name)?.at ?? this.#sources.now();
    this.#pauses.set(name, { at, reason });
    this.#sources.pause(name, reason);
    return this.get(name);
  }

  async resume(name: string): Promise<TargetView | null> {
    if (!this.#sources.configs().has(name)) return null;
    await this.#sources.storeResume(name);
    this.#pauses.delete(name);
    this.#sources.resume(name);
    return this.get(name);
  }

  #view({ name, shownUrl, concurrency, retry }: TargetConfig, counts: TargetCounts | undefined): TargetView {
    const running = this.#sources.running(name);
    const pause = this.#pauses.get(name);
    const state = pause !== undefined ? 'paused' : (running?.state ?? 'healthy');
    return {
      name,
      url: shownUrl,
      state,
      since: pause !== undefined ? pause.at : (running?.since ?? null),
      reason: pause !== undefined ? pause.reason : state === 'retrying' ? (running?.lastError?.message ?? null) : null,
      concurrency,
      inFlight: running?.inFlight ?? 0,
      maxAttempts: retry.attempts,
      counts: counts?.counts ?? {},
      oldestDueAt: counts?.oldestDueAt ?? null,
    };
  }
}
