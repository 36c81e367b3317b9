import type { TargetConfig } from '../config/types.ts';
import type { Clock } from '../domain/clock.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import type { AnswerPauses } from './answer-pauses.ts';
import { type Destination, type Entry, TargetAttempts } from './attempts.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import { Brake } from './brake.ts';
import { type AttemptResult, slowdown } from './classify.ts';
import { Fifo } from './fifo.ts';
import type { HandOffRoom, Share } from './hand-off.ts';
import type { Health } from './health.ts';
import type { DeliveryQueue, LeaseBatch } from './ports.ts';
import { Refill } from './refill.ts';
import type { Reporter } from './reporter.ts';
import type { DeliveryRules } from './rules/delivery-rules.ts';
import type { Asked } from './rules/ruled-attempt.ts';
import type { Settler } from './settler.ts';
import type { HttpTarget } from './targets/http.ts';

/** What all targets' queues share. */
export interface Dispatching {
  queue: DeliveryQueue;
  room: HandOffRoom;
  settler: Settler;
  answers: AwaitedAnswers;
  pauses: AnswerPauses;
  reporter: Reporter;
  rules: DeliveryRules;
  evaluator: Asked;
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

/** The deliveries of one target: those waiting in memory, and the attempts that run. */
export class TargetQueue {
  readonly share: Share = { deliveries: 0, bytes: 0 };
  readonly #name: string;
  readonly #shared: Dispatching;
  readonly #refill: Refill;
  readonly #attempts: TargetAttempts;
  readonly #brake: Brake;
  readonly #queue = new Fifo<Entry>();
  #queued = 0;
  #destination: Destination | null = null;
  #paused = false;
  #pumping = false;

  constructor(name: string, shared: Dispatching) {
    this.#name = name;
    this.#shared = shared;
    this.#attempts = new TargetAttempts(name, shared, {
      ended: (entry, result) => this.#ended(entry, result),
      passedOver: () => this.#passedOver(),
      settled: (entry, retryInMs) => this.#settled(entry, retryInMs),
    });
    this.#brake = new Brake(shared.clock, () => this.pump());
    const supply = { target: name, lease: () => this.#lease(), take: (leased: readonly LeasedDelivery[]) => this.#take(leased) };
    this.#refill = new Refill(supply, shared.clock, shared.logger);
  }

  get config(): TargetConfig | null {
    return this.#destination?.config ?? null;
  }

  get view(): TargetState {
    return { ...this.#attempts.health, inFlight: this.#attempts.inFlight, queued: this.#queued, paused: this.#paused };
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
      if (entry.stage !== 'queued') continue;
      this.#queued -= 1;
      this.#attempts.start(entry, this.#destination);
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
    return this.#attempts.inFlight < config.concurrency && !this.#brake.on && this.#runs();
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

  /** A place for another attempt is free. */
  #ended(entry: Entry, result: AttemptResult): void {
    if (result.failure?.code === 'interrupted') {
      // It spends nothing: the store has it as if it had not begun.
      this.#forget(entry);
      this.#shared.queue.release([entry.delivery]);
    } else {
      this.#brake.slow(slowdown(result, this.#shared.clock.now()));
      if (this.#brake.on) this.#shared.answers.notStarted(this.#name);
    }
    this.pump();
    this.#shared.ended();
  }

  #passedOver(): void {
    this.pump();
    this.#shared.ended();
  }

  #settled(entry: Entry, retryInMs: number | null): void {
    this.#forget(entry);
    if (retryInMs !== null) this.wake(this.#shared.clock.now() + retryInMs);
    this.#refill.check();
  }
}
