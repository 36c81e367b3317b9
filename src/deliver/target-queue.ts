import type { TargetConfig } from '../config/types.ts';
import type { Attempt, Outcome } from '../domain/attempt.ts';
import type { Clock } from '../domain/clock.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import { Brake } from './brake.ts';
import { type AttemptResult, classify, slowdown } from './classify.ts';
import { BLAMES_TARGET } from './failure.ts';
import { Fifo } from './fifo.ts';
import type { HandOffRoom, Share } from './hand-off.ts';
import { type Health, TargetHealth } from './health.ts';
import type { DeliveryQueue, LeaseBatch, SettleResult } from './ports.ts';
import { Refill } from './refill.ts';
import type { Reporter } from './reporter.ts';
import type { Settler } from './settler.ts';
import type { HttpTarget, RunningAttempt } from './targets/http.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** A delivery in memory, from its lease until its result is on disk. */
export interface Entry {
  readonly delivery: LeasedDelivery;
  readonly lane: TargetQueue;
  stage: 'queued' | 'running' | 'settling' | 'withdrawn';
  attempt: RunningAttempt | null;
}

/** What all targets' queues share. */
export interface Dispatching {
  queue: DeliveryQueue;
  room: HandOffRoom;
  settler: Settler;
  answers: AwaitedAnswers;
  reporter: Reporter;
  logger: Logger;
  clock: Clock;
  random: () => number;
  /** All entries of all targets, by delivery. */
  entries: Map<string, Entry>;
  /** Whether attempts may begin. */
  isOpen(): boolean;
  /** Called after every attempt. */
  ended(): void;
}

export interface TargetState extends Health {
  inFlight: number;
  queued: number;
  paused: boolean;
}

/** When fewer are queued, more are leased: at 15,000 attempts a second this is work for 33 ms, and a lease takes less. */
const LEASE_BELOW = 500;

/** The endpoint and the configuration that it was made from. */
interface Destination {
  http: HttpTarget;
  config: TargetConfig;
}

/** The deliveries of one target: those waiting in memory, and the attempts that run. */
export class TargetQueue {
  readonly share: Share = { deliveries: 0, bytes: 0 };
  readonly #name: string;
  readonly #shared: Dispatching;
  readonly #refill: Refill;
  readonly #health: TargetHealth;
  readonly #reporter: Reporter;
  readonly #brake: Brake;
  readonly #queue = new Fifo<Entry>();
  #queued = 0;
  #inFlight = 0;
  #destination: Destination | null = null;
  #paused = false;
  #pumping = false;

  constructor(name: string, shared: Dispatching) {
    this.#name = name;
    this.#shared = shared;
    this.#health = new TargetHealth(name, shared.logger);
    this.#reporter = shared.reporter;
    this.#brake = new Brake(shared.clock, () => this.pump());
    const supply = { target: name, lease: () => this.#lease(), take: (leased: readonly LeasedDelivery[]) => this.#take(leased) };
    this.#refill = new Refill(supply, shared.clock, shared.logger);
  }

  get config(): TargetConfig | null {
    return this.#destination?.config ?? null;
  }

  get view(): TargetState {
    return { ...this.#health.view, inFlight: this.#inFlight, queued: this.#queued, paused: this.#paused };
  }

  /** Whether a new delivery may come by hand: nothing older waits in the store, and attempts can begin. */
  takesByHand(): boolean {
    return this.#runs() && !this.#refill.backlog && !this.#brake.on;
  }

  /** Whether an attempt on what was just stored may begin soon: at once, or after those that were here before. */
  get startsSoon(): boolean {
    return this.#runs() && !this.#brake.on && !this.#refill.behind && this.#shared.room.leasable(this.share) !== null;
  }

  /** Changes where attempts go; those that run finish where they began. Null: the target is gone. @returns the former endpoint */
  configure(destination: Destination | null): HttpTarget | null {
    const former = this.#destination?.http ?? null;
    this.#destination = destination;
    if (destination === null) this.#stand();
    else this.wake(this.#shared.clock.now());
    return former;
  }

  pause(): void {
    this.#paused = true;
    this.#stand();
  }

  resume(): void {
    this.#paused = false;
    this.wake(this.#shared.clock.now());
  }

  /** @param dueAt wall ms */
  wake(dueAt: number): void {
    this.#refill.wake(dueAt);
  }

  /** Takes a leased delivery for which room was taken; it goes back to the store when it cannot be attempted any more. */
  add(delivery: LeasedDelivery): void {
    const entry: Entry = { delivery, lane: this, stage: 'queued', attempt: null };
    this.#shared.entries.set(delivery.id, entry);
    this.#queue.push(entry);
    this.#queued += 1;
    if (this.#stands()) this.releaseQueued();
    else this.pump();
  }

  /** Starts what may be started. */
  pump(): void {
    // An attempt can end before its start returns; the loop below goes on then.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#destination !== null && this.#mayStart(this.#destination)) {
      const entry = this.#queue.shift();
      if (entry === undefined) break;
      if (entry.stage === 'queued') this.#start(entry, this.#destination);
    }
    this.#pumping = false;
    this.#refill.check();
  }

  /** Gives everything that has not begun back to the store. */
  releaseQueued(): void {
    const queued = this.#queue.drain().filter((entry) => entry.stage === 'queued');
    for (const entry of queued) this.#withdraw(entry);
    if (queued.length > 0) this.#shared.queue.release(queued.map((entry) => entry.delivery));
    // What went back is older than what comes.
    this.#refill.wake(this.#shared.clock.now());
  }

  /** Ends a delivery's presence here: a queued one goes back to the store, a running attempt is aborted. */
  cancel(entry: Entry): void {
    if (entry.stage === 'queued') {
      this.#withdraw(entry);
      this.#shared.queue.release([entry.delivery]);
    }
    entry.attempt?.abort('cancelled');
  }

  /** Gives back what has not begun, and looks for no more. */
  close(): void {
    this.#stand();
    this.#refill.close();
    this.#brake.close();
  }

  #stand(): void {
    this.releaseQueued();
    this.#shared.answers.notStarted(this.#name);
  }

  #stands(): boolean {
    return this.#paused || this.#destination === null || !this.#shared.isOpen();
  }

  #runs(): boolean {
    return !this.#stands() && !this.#shared.settler.blocked;
  }

  #mayStart({ config }: Destination): boolean {
    return this.#inFlight < config.concurrency && !this.#brake.on && this.#runs();
  }

  #lease(): Promise<LeaseBatch> | null {
    if (this.#queued >= LEASE_BELOW || this.#brake.on || !this.#runs()) return null;
    const { room, queue } = this.#shared;
    const wanted = room.leasable(this.share);
    if (wanted === null) return null;
    // Room is taken before it is known how much is due, so that nobody else takes it meanwhile.
    room.add(this.share, wanted.deliveries, wanted.bytes);
    const giveBack = (): void => room.add(this.share, -wanted.deliveries, -wanted.bytes);
    return queue.lease(this.#name, wanted).finally(giveBack);
  }

  #take(leased: readonly LeasedDelivery[]): void {
    for (const delivery of leased) {
      this.#shared.room.add(this.share, 1, delivery.event.body.length);
      this.add(delivery);
    }
  }

  #forget({ delivery }: Entry): void {
    this.#shared.entries.delete(delivery.id);
    this.#shared.room.give(this.share, delivery.event.body.length);
  }

  #withdraw(entry: Entry): void {
    entry.stage = 'withdrawn';
    this.#queued -= 1;
    this.#forget(entry);
  }

  #start(entry: Entry, { http, config }: Destination): void {
    this.#queued -= 1;
    this.#inFlight += 1;
    entry.stage = 'running';
    const whole = this.#shared.answers.begin(entry.delivery);
    const attempt = http.send(entry.delivery, whole, (result) => this.#ended(entry, result, config, whole));
    if (entry.stage === 'running') entry.attempt = attempt;
  }

  #ended(entry: Entry, result: AttemptResult, config: TargetConfig, whole: WholeAnswer | null): void {
    this.#inFlight -= 1;
    // Before the result is on disk: the event is there, and a crash in between repeats the attempt, as it may.
    if (whole !== null) this.#shared.answers.ended(entry.delivery.event.id, whole, result.failure === null);
    entry.attempt = null;
    entry.stage = 'settling';
    if (result.failure?.code === 'interrupted') {
      // It spends nothing: the store has it as if it had not begun.
      this.#forget(entry);
      this.#shared.queue.release([entry.delivery]);
    } else {
      this.#settle(entry, result, config);
    }
    this.pump();
    this.#shared.ended();
  }

  #settle(entry: Entry, result: AttemptResult, config: TargetConfig): void {
    const { delivery } = entry;
    const { clock, random, settler } = this.#shared;
    const now = clock.now();
    const budget = { policy: config.retry, spent: delivery.attempts - delivery.budgetStart + 1 };
    const outcome = classify(result, budget, now, random());
    const attempt: Attempt = {
      number: delivery.attempts + 1,
      trigger: delivery.trigger,
      startedAt: result.startedAt,
      durationMs: Math.round(result.durationMs * 10) / 10,
      outcome: outcome.kind,
      statusCode: result.statusCode,
      error: result.failure,
      response: result.response,
    };
    this.#reporter.attempted(delivery, attempt, outcome, now);
    if (result.failure === null) this.#health.succeeded(now);
    else if (BLAMES_TARGET[result.failure.code]) this.#health.failed(now, result.failure);
    this.#brake.slow(slowdown(result, now));
    if (this.#brake.on) this.#shared.answers.notStarted(this.#name);
    settler.settle({ delivery, attempt, outcome, settled: (kind) => this.#settled(entry, outcome, kind) });
  }

  #settled(entry: Entry, outcome: Outcome, kind: SettleResult['kind']): void {
    this.#forget(entry);
    this.#reporter.settled(entry.delivery, outcome, kind);
    if (kind === 'settled' && outcome.kind === 'retry') this.wake(this.#shared.clock.now() + outcome.delayMs);
    this.#refill.check();
  }
}
