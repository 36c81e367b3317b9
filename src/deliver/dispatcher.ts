import { isDeepStrictEqual } from 'node:util';
import type { TargetConfig } from '../config/types.ts';
import type { BreakerPhase } from '../domain/breaker.ts';
import type { Clock } from '../domain/clock.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import { AnswerPauses } from './answer-pauses.ts';
import type { Entry } from './attempts.ts';
import { AwaitedAnswers, type Told } from './awaited-answers.ts';
import type { Dispatching, TargetState } from './dispatching.ts';
import { HandOffRoom, type Share } from './hand-off.ts';
import type { BreakerRecords, DeliverObserver, DeliveryQueue } from './ports.ts';
import { Reporter } from './reporter.ts';
import { DeliveryRules, type RoutedEdges } from './rules/delivery-rules.ts';
import { Evaluator } from './rules/evaluator.ts';
import { Settler } from './settler.ts';
import { TargetQueue } from './target-queue.ts';
import { createHttpTarget, type HttpTarget, type PublicInfo } from './targets/http.ts';

export interface DispatcherOptions {
  queue: DeliveryQueue;
  targets: Iterable<TargetConfig>;
  /** The routes, for the rules on their edges; none of them where left out. */
  routes?: Iterable<RoutedEdges>;
  observer: DeliverObserver;
  /** An answer has paused the target. That is in effect already, and is to last over a restart. */
  pausedByAnswer(target: string, reason: string): void;
  breakers: BreakerRecords;
  logger: Logger;
  /** Whether debug lines are written; then there is one for each successful attempt. */
  logSuccesses: boolean;
  clock: Clock;
  /** A number in [0, 1). */
  random: () => number;
  publicInfo: PublicInfo;
}

export interface Held extends Share {
  inFlight: number;
  unsettled: number;
  /** Results cannot be stored, so nothing is attempted. */
  blocked: boolean;
  /** Deliveries whose answers senders wait for, and the memory of those answers. */
  awaited: { deliveries: number; bytes: number };
}

export interface StopReport {
  /** Attempts that were cut off; they spend nothing. */
  interrupted: number;
  /** Results that did not get to disk; their attempts may be repeated after the next start. */
  unsettled: number;
}

/** After the attempts have ended, their results get this long to reach the disk. */
const FLUSH_MS = 1500;

/** Starts the attempts of all targets and brings their results to the queue. See DESIGN.md. */
export class DeliveryDispatcher {
  readonly #options: DispatcherOptions;
  readonly #room = new HandOffRoom();
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<string, TargetQueue>();
  readonly #paused = new Set<string>();
  readonly #answers = new AwaitedAnswers();
  readonly #pauses: AnswerPauses;
  readonly #settler: Settler;
  readonly #rules = new DeliveryRules();
  readonly #evaluator: Evaluator;
  readonly #shared: Dispatching;
  /** Endpoints in use, and those of former configurations whose attempts still run. */
  readonly #endpoints = new Set<HttpTarget>();
  #phase: 'new' | 'open' | 'stopping' = 'new';
  #stopping: Promise<StopReport> | null = null;
  #interrupted = 0;
  #inFlightChanged: (() => void) | null = null;

  constructor(options: DispatcherOptions) {
    const { queue, observer, breakers, logger, logSuccesses, clock, random } = options;
    this.#options = options;
    this.#settler = new Settler(queue, clock, logger, () => this.#pumpAll());
    this.#evaluator = new Evaluator({ clock, logger });
    this.#pauses = new AnswerPauses(
      {
        isPaused: (target) => this.#paused.has(target),
        configOf: (target) => this.#lanes.get(target)?.config ?? null,
        pause: (target, statusCode) => this.#pauseByAnswer(target, statusCode),
      },
      clock,
    );
    this.#shared = {
      queue,
      breakers,
      logger,
      clock,
      random,
      reporter: new Reporter(observer, logger, logSuccesses),
      room: this.#room,
      settler: this.#settler,
      answers: this.#answers,
      rules: this.#rules,
      evaluator: this.#evaluator,
      pauses: this.#pauses,
      entries: this.#entries,
      isOpen: () => this.#phase === 'open',
      ended: () => this.#inFlightChanged?.(),
    };
    this.reload(options.targets, options.routes);
  }

  /**
   * Asked before an event is appended: whether its delivery may come by {@link hand} after the commit, leased from
   * the start. What was reserved is either handed or unreserved. @param bytes length of the body
   */
  reserve(target: string, bytes: number, route: string): boolean {
    return this.#lanes.get(target)?.reserve(route, bytes) ?? false;
  }

  unreserve(target: string, bytes: number): void {
    const lane = this.#lanes.get(target);
    if (lane !== undefined) this.#room.give(lane.share, bytes);
  }

  /** Takes a delivery that was reserved, leased and is on disk now. */
  hand(delivery: LeasedDelivery): void {
    this.#lanes.get(delivery.target)?.add(delivery);
  }

  /**
   * Takes a leased delivery that was not reserved: its turn has come because another one has ended.
   * @returns false, and it is the caller's, when there is no room or something older waits in the store
   */
  take(delivery: LeasedDelivery): boolean {
    const { target, event } = delivery;
    if (!this.reserve(target, event.body.length, event.route)) return false;
    this.hand(delivery);
    return true;
  }

  /**
   * A sender waits for the target's answer to an event that was just stored. To be asked in the reaction to the
   * append, which comes before {@link hand}: an answer to an attempt that has begun by then is not kept.
   * @param isFirst false for a duplicate: it waits for what others wait for already, and for nothing else
   * @param told called once, later; with an answer only when the delivery succeeded
   * @returns ends the waiting; or null when no attempt is known that could be waited for
   */
  awaitAnswer(event: { id: string; target: string; isFirst: boolean }, told: Told): (() => void) | null {
    const { id, target, isFirst } = event;
    const isKnown = this.#answers.has(id) || (isFirst && this.#lanes.get(target)?.startsSoon === true);
    return isKnown ? this.#answers.add(id, target, told) : null;
  }

  /** The target has something in the store that is due, or will be. @param dueAt wall ms, now when left out */
  wake(target: string, dueAt: number = this.#options.clock.now()): void {
    this.#lanes.get(target)?.wake(dueAt);
  }

  /** Starts no further attempt on the target; those that run finish. A target that is not configured yet will begin paused. */
  pause(target: string, reason: string | null): void {
    this.#options.logger.info({ target, reason }, 'target paused');
    this.#pause(target);
  }

  resume(target: string): void {
    this.#options.logger.info({ target }, 'target resumed');
    this.#paused.delete(target);
    this.#pauses.resumed(target);
    this.#lanes.get(target)?.resume();
  }

  /** Gives a delivery that is queued here back to the store; one that runs goes on. */
  withdraw(deliveryId: string): void {
    const entry = this.#entries.get(deliveryId);
    if (entry?.stage === 'queued') entry.lane.cancel(entry);
  }

  /** Aborts a running attempt, whose result is recorded with the code `cancelled`; drops a delivery that is queued. */
  cancel(deliveryId: string): void {
    const entry = this.#entries.get(deliveryId);
    entry?.lane.cancel(entry);
  }

  /** Whether an attempt runs, or has ended without its result being on disk. */
  isRunning(deliveryId: string): boolean {
    const stage = this.#entries.get(deliveryId)?.stage;
    return stage === 'running' || stage === 'settling';
  }

  /** Null for a target that is not configured. */
  view(target: string): TargetState | null {
    const lane = this.#lanes.get(target);
    return lane === undefined || lane.config === null ? null : lane.view;
  }

  /** Of every configured target that has one. */
  breakers(): { target: string; phase: BreakerPhase }[] {
    return [...this.#lanes].flatMap(([target, lane]) =>
      lane.config === null || lane.config.limits.breaker === null
        ? []
        : [{ target, phase: lane.view.breaker?.state ?? 'closed' }],
    );
  }

  held(): Held {
    const { deliveries, bytes } = this.#room.held;
    return {
      deliveries,
      bytes,
      inFlight: this.#inFlight(),
      unsettled: this.#settler.unsettled,
      blocked: this.#settler.blocked,
      awaited: this.#answers.held,
    };
  }

  /** Attempts in flight finish under the configuration they began with; what is queued of removed targets is released. */
  reload(targets: Iterable<TargetConfig>, routes: Iterable<RoutedEdges> = []): void {
    this.#rules.configure(routes);
    if (this.#phase === 'open') this.#evaluator.want(this.#rules.hasExpressions);
    const configs = new Map([...targets].map((config) => [config.name, config]));
    for (const [name, lane] of this.#lanes) if (!configs.has(name)) this.#retire(lane.configure(null));
    for (const [name, config] of configs) this.#configure(name, config);
  }

  /** Gives everything that has not begun back to the store, which looks at it anew when it is leased again. */
  releaseQueued(): void {
    for (const lane of this.#lanes.values()) lane.releaseQueued();
  }

  start(): void {
    this.#phase = 'open';
    this.#evaluator.want(this.#rules.hasExpressions);
    this.#pumpAll();
  }

  /**
   * Starts nothing more, gives back what has not begun, and waits for the attempts in flight. Those that need longer
   * than the grace are cut off and spend nothing. A second call with less grace cuts the first one short.
   * Resolves when all results that can be are on disk; never rejects.
   */
  stop({ graceMs }: { graceMs: number }): Promise<StopReport> {
    this.#phase = 'stopping';
    const cancelGrace = this.#options.clock.after(graceMs, () => this.#interrupt());
    this.#stopping ??= this.#finish();
    void this.#stopping.then(cancelGrace);
    return this.#stopping;
  }

  async #finish(): Promise<StopReport> {
    for (const lane of this.#lanes.values()) lane.close();
    await new Promise<void>((resolve) => {
      this.#inFlightChanged = () => {
        if (this.#inFlight() === 0) resolve();
      };
      this.#inFlightChanged();
    });
    const unsettled = await this.#settler.flush(FLUSH_MS);
    if (unsettled > 0) this.#options.logger.error({ unsettled }, 'results could not be stored before the end');
    await Promise.all([...[...this.#endpoints].map((endpoint) => endpoint.destroy()), this.#evaluator.close()]);
    return { interrupted: this.#interrupted, unsettled };
  }

  #pause(target: string): void {
    this.#paused.add(target);
    this.#lanes.get(target)?.pause();
  }

  #pauseByAnswer(target: string, statusCode: number): void {
    const reason = `target answered ${statusCode}`;
    this.#options.logger.warn({ target, statusCode, reason }, 'target paused by its answer');
    this.#pause(target);
    this.#options.pausedByAnswer(target, reason);
  }

  #interrupt(): void {
    for (const entry of [...this.#entries.values()]) {
      if (entry.attempt === null) continue;
      this.#interrupted += 1;
      entry.attempt.abort('interrupted');
    }
  }

  #inFlight(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) sum += lane.view.inFlight;
    return sum;
  }

  #pumpAll(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  #configure(name: string, config: TargetConfig): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new TargetQueue(name, this.#shared);
      if (this.#paused.has(name)) lane.pause();
      this.#lanes.set(name, lane);
    }
    // The same endpoint keeps its connections.
    const { config: former } = lane;
    if (former !== null && isDeepStrictEqual({ ...former, limits: null }, { ...config, limits: null })) {
      if (!isDeepStrictEqual(former.limits, config.limits)) lane.adjust(config);
      return;
    }
    const http = createHttpTarget(config, this.#options.publicInfo, this.#options);
    this.#endpoints.add(http);
    this.#retire(lane.configure({ http, config }));
  }

  #retire(endpoint: HttpTarget | null): void {
    if (endpoint === null) return;
    const forget = (): boolean => this.#endpoints.delete(endpoint);
    void endpoint.close().then(forget, forget);
  }
}

export function createDispatcher(options: DispatcherOptions): DeliveryDispatcher {
  return new DeliveryDispatcher(options);
}
