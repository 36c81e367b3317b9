import type { TargetConfig } from '../config/types.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import { type Destination, type Entry, TargetAttempts } from './attempts.ts';
import { ByHand } from './by-hand.ts';
import type { AttemptResult } from './classify.ts';
import type { Dispatching, TargetState } from './dispatching.ts';
import type { Share } from './hand-off.ts';
import { Pace } from './pace.ts';
import type { LeaseBatch } from './ports.ts';
import { Refill } from './refill.ts';
import { RouteTurns } from './route-turns.ts';
import type { HttpTarget } from './targets/http.ts';

/** The deliveries of one target: those waiting in memory, and the attempts that run. */
export class TargetQueue {
  readonly share: Share = { deliveries: 0, bytes: 0 };
  readonly #name: string;
  readonly #shared: Dispatching;
  readonly #refill: Refill;
  readonly #attempts: TargetAttempts;
  readonly #pace: Pace;
  readonly #byHand = new ByHand();
  readonly #queue = new RouteTurns<Entry>();
  #queued = 0;
  #destination: Destination | null = null;
  #paused = false;
  #pumping = false;

  constructor(name: string, shared: Dispatching) {
    this.#name = name;
    this.#shared = shared;
    this.#attempts = new TargetAttempts(name, shared, {
      ended: (entry, result) => this.#ended(entry, result),
      passedOver: (entry) => this.#passedOver(entry),
      settled: (entry, retryInMs) => this.#settled(entry, retryInMs),
    });
    this.#pace = new Pace(name, shared, { opened: () => this.#stand(), pump: () => this.pump() });
    const supply = { target: name, lease: () => this.#lease(), take: (leased: readonly LeasedDelivery[]) => this.#take(leased) };
    this.#refill = new Refill(supply, shared.clock, shared.logger);
  }

  get config(): TargetConfig | null {
    return this.#destination?.config ?? null;
  }

  get view(): TargetState {
    const { inFlight, health } = this.#attempts;
    return { ...health, inFlight, queued: this.#queued, paused: this.#paused, breaker: this.#pace.breaker };
  }

  /** Takes room for a new delivery to come by hand, if attempts can begin and nothing that has to come first waits in the store. */
  reserve(route: string, bytes: number): boolean {
    const waiting = this.share.deliveries - this.#attempts.inFlight;
    const taken =
      this.#runs() &&
      waiting < this.#pace.handBelow &&
      this.#byHand.admits(route, this.#queue.waiting(route), this.#refill) &&
      this.#shared.room.take(this.share, bytes);
    if (!taken) this.#byHand.leftInStore(route);
    return taken;
  }

  /** Whether an attempt on what was just stored may begin soon: at once, or after those that were here before. */
  get startsSoon(): boolean {
    const hasRoom = !this.#refill.behind && this.#shared.room.leasable(this.share) !== null;
    return this.#runs() && hasRoom && this.#pace.startsSoon(this.#queued);
  }

  /** Changes where attempts go; those that run finish where they began. Null: the target is gone. @returns the former endpoint */
  configure(destination: Destination | null): HttpTarget | null {
    const former = this.#destination?.http ?? null;
    this.#destination = destination;
    if (destination === null) {
      this.#stand();
    } else {
      this.#pace.configure(destination.config);
      this.wake(this.#shared.clock.now());
    }
    return former;
  }

  /** Takes a configuration that differs in its limits alone: the endpoint, with its connections, stays. */
  adjust(config: TargetConfig): void {
    if (this.#destination === null) return;
    this.#destination = { http: this.#destination.http, config };
    this.#pace.configure(config);
    this.pump();
  }

  pause(): void {
    this.#paused = true;
    this.#stand();
  }

  /** An open breaker, or the time for which the target asked to be left alone, is taken for over as well: it is asked now. */
  resume(): void {
    this.#paused = false;
    this.#pace.probeNow();
    this.wake(this.#shared.clock.now());
  }

  /** @param dueAt wall ms */
  wake(dueAt: number): void {
    this.#refill.wake(dueAt);
  }

  /** Takes a leased delivery for which room was taken; it goes back to the store when it cannot be attempted any more. */
  add(delivery: LeasedDelivery): void {
    this.#push(delivery);
    this.#goOn();
  }

  /** Starts what may be started. */
  pump(): void {
    // An attempt can end before its start returns; the loop below goes on then.
    if (this.#pumping) return;
    this.#pumping = true;
    for (let entry = this.#queue.peek(); entry !== undefined; entry = this.#queue.peek()) {
      const isQueued = entry.stage === 'queued';
      if (isQueued && !this.#mayStart(entry)) break;
      this.#queue.shift();
      if (isQueued) this.#start(entry);
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
    this.#pace.close();
  }

  /** Nothing begins for a while. */
  #stand(): void {
    this.releaseQueued();
    this.#pace.rest();
    this.#shared.answers.notStarted(this.#name);
  }

  #stands(): boolean {
    return this.#paused || this.#destination === null || !this.#shared.isOpen();
  }

  #runs(): boolean {
    return !this.#stands() && !this.#shared.settler.blocked;
  }

  #mayStart({ delivery }: Entry): boolean {
    return this.#runs() && this.#pace.mayStart(delivery.event.body.length);
  }

  #start(entry: Entry): void {
    if (this.#destination === null) return;
    this.#queued -= 1;
    this.#pace.started(entry.delivery.event.body.length);
    this.#attempts.start(entry, this.#destination);
  }

  #lease(): Promise<LeaseBatch> | null {
    if (this.#queued >= this.#pace.leaseBelow || !this.#runs()) return null;
    const { room, queue } = this.#shared;
    const free = room.leasable(this.share);
    if (free === null) return null;
    const wanted = this.#pace.leasable(free);
    // Room is taken before it is known how much is due, so that nobody else takes it meanwhile.
    room.add(this.share, wanted.deliveries, wanted.bytes);
    const giveBack = (): void => room.add(this.share, -wanted.deliveries, -wanted.bytes);
    return queue.lease(this.#name, wanted).finally(giveBack);
  }

  #take(leased: readonly LeasedDelivery[]): void {
    this.#byHand.leased(leased, this.#refill);
    for (const delivery of leased) {
      this.#shared.room.add(this.share, 1, delivery.event.body.length);
      this.#push(delivery);
    }
    // Once for all: the first one alone would look as if more had to be leased.
    this.#goOn();
  }

  #push(delivery: LeasedDelivery): void {
    const entry: Entry = { delivery, lane: this, stage: 'queued', attempt: null };
    this.#shared.entries.set(delivery.id, entry);
    this.#queue.push(delivery.event.route, entry);
    this.#queued += 1;
  }

  #goOn(): void {
    if (this.#stands() || this.#pace.isOpen) this.releaseQueued();
    else this.pump();
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
    this.#pace.ended(entry.delivery.event.body.length, result);
    if (result.failure?.code === 'interrupted') {
      // It spends nothing: the store has it as if it had not begun.
      this.#forget(entry);
      this.#shared.queue.release([entry.delivery]);
    } else {
      if (this.#pace.braked) this.#shared.answers.notStarted(this.#name);
    }
    this.pump();
    this.#shared.ended();
  }

  #passedOver({ delivery }: Entry): void {
    this.#pace.passedOver(delivery.event.body.length);
    this.pump();
    this.#shared.ended();
  }

  #settled(entry: Entry, retryInMs: number | null): void {
    this.#forget(entry);
    if (retryInMs !== null) this.wake(this.#shared.clock.now() + retryInMs);
    this.#refill.check();
  }
}
