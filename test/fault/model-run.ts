import assert from 'node:assert/strict';
import type { Attempt } from '../../src/domain/attempt.ts';
import type { Appended, BatchResult, Command, CommandResult, SettleRow } from '../../src/store/sqlite/protocol.ts';
import type { Append, Committed, Work } from '../support/bare-writer.ts';
import { newEvent } from '../support/store.ts';
import type { Driver } from './model-drivers.ts';
import { AGES, Model, TABLES } from './model-state.ts';
import { type AppendStep, KEY_WINDOW_MS, type Step } from './model-steps.ts';

const START = 1_700_000_000_000;
const NO_SUCH_LEASE = 999_999_999;
const QUARANTINE = 'schema_invalid: /a must be string';

type Of<Kind extends Step['do']> = Step & { do: Kind };

/** Takes a store and the model through the same life and compares them after every step. */
export class ModelRun {
  /** What the commits have said of the routes whose backlog they changed. */
  readonly #backlogs = new Map<string, number>();
  readonly #driver: Driver;
  readonly #model = new Model();
  readonly #paused = new Set<string>();
  #now = START;
  #lastEvent = 0;
  #lastDelivery = 0;
  #nextTaken = 1;
  /** Leases given since the last start. */
  #given = new Set<number>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  async live(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#take(step);
      this.#compare();
    }
    await this.#driver.crash();
    await this.#commit({});
    this.#compare();
  }

  /** Nothing acknowledged is lost, and the counts are those of the rows. */
  #compare(): void {
    const expected = this.#model.tables();
    for (const name of ['events', 'deliveries', 'counts', 'orphans'] as const) {
      assert.deepEqual(this.#driver.rows(TABLES[name]), expected[name], name);
    }
    for (const [route, pending] of this.#backlogs) assert.equal(pending, this.#model.backlog(route), `backlog of ${route}`);
    assert.deepEqual(this.#driver.rows('SELECT name FROM paused_targets ORDER BY name').flat(), [...this.#paused].toSorted());
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step);
      case 'lease':
        return this.#lease(step);
      case 'settle':
        return this.#settle(step);
      case 'let-go':
        return this.#letGo(step);
      case 'operate':
        return this.#operate(step);
      case 'replay':
        return this.#replay(step);
      case 'reconcile':
        return this.#reconcile(step);
      case 'retain':
        return this.#retain();
      case 'pause':
        this.#paused.add(step.target);
        assert.deepEqual(await this.#command({ kind: 'pause', target: step.target, reason: null, now: this.#now }), {
          kind: 'ok',
        });
        return;
      case 'resume':
        this.#paused.delete(step.target);
        assert.deepEqual(await this.#command({ kind: 'resume', target: step.target }), { kind: 'ok' });
        return;
      case 'pass':
        this.#now += step.ms;
        return;
      case 'crash':
      case 'restart':
        await this.#driver[step.do]();
        this.#model.leases.clear();
        this.#given.clear();
        this.#backlogs.clear();
        this.#nextTaken = 1;
        return;
      default:
        step satisfies never;
    }
  }

  async #append({ events, trouble }: Of<'append'>): Promise<void> {
    const appends = events.map((event) => this.#appendOf(event));
    const work = { appends, now: this.#now };
    const inTrouble = this.#driver.runInTrouble;
    const result =
      trouble === null || inTrouble === null ? await this.#driver.run(work) : await inTrouble.call(this.#driver, work, trouble);
    if (result.kind === 'refused' && trouble !== null) return; // and the comparison finds nothing of it
    assert.equal(result.kind, 'committed', JSON.stringify(result));
    if (result.kind !== 'committed') return;
    this.#counted(result);
    assert.equal(result.appends.length, events.length);
    result.appends.forEach((appended, index) => {
      const [event, append] = [events[index], appends[index]];
      assert(event !== undefined && append !== undefined);
      this.#appended(event, append, appended);
    });
  }

  #appendOf({ route, key, body, age, isUnstorable, deliveries }: AppendStep): Append {
    const receivedAt = this.#now - age + (isUnstorable ? 0.5 : 0);
    const dedup = key === null ? null : { key, windowMs: KEY_WINDOW_MS };
    return {
      event: newEvent({ route, receivedAt, dedup, headers: [], body: Buffer.from(body) }),
      deliveries: deliveries.map(({ target, as, isTaken }) => {
        if (as === 'filtered') return { kind: as, target, reason: 'event_type' };
        if (as === 'held') return { kind: as, target, reason: QUARANTINE };
        if (!isTaken) return { kind: as, target, lease: null };
        this.#nextTaken += 2;
        return { kind: as, target, lease: this.#nextTaken };
      }),
    };
  }

  #appended({ route, key, body, isUnstorable }: AppendStep, { event, deliveries }: Append, appended: Appended): void {
    const known = this.#model.known(route, key, event.receivedAt);
    if (known !== null) {
      const conflict = known.body !== body;
      assert.deepEqual(appended, { kind: 'duplicate', event: known.seq, receivedAt: known.receivedAt, conflict });
      known.duplicates += 1;
      known.conflicts += conflict ? 1 : 0;
      return;
    }
    assert.equal(appended.kind, isUnstorable ? 'refused' : 'accepted');
    if (appended.kind !== 'accepted') return;
    const { event: seq, firstDelivery } = appended;
    assert(seq > this.#lastEvent, `event ${seq} was given after ${this.#lastEvent}`);
    this.#lastEvent = seq;
    const times = { receivedAt: event.receivedAt, expiresAt: event.receivedAt + KEY_WINDOW_MS };
    this.#model.events.set(seq, { seq, route, key, body, ...times, duplicates: 0, conflicts: 0, gone: false });
    deliveries.forEach((planned, index) => {
      const delivery = firstDelivery + index;
      this.#newDelivery(delivery);
      this.#model.add({ seq: delivery, event: seq, route, target: planned.target }, planned.kind, this.#now);
      if (planned.kind === 'pending' && planned.lease !== null) this.#give(delivery, planned.lease);
    });
  }

  #newDelivery(seq: number): void {
    assert(seq > this.#lastDelivery, `delivery ${seq} was given after ${this.#lastDelivery}`);
    this.#lastDelivery = seq;
  }

  #give(delivery: number, lease: number): void {
    assert(!this.#given.has(lease), `lease ${lease} was given twice`);
    assert(!this.#model.leases.has(delivery), `delivery ${delivery} was leased twice`);
    this.#given.add(lease);
    this.#model.leases.set(delivery, lease);
  }

  async #lease({ target, most }: Of<'lease'>): Promise<void> {
    const waiting = this.#model.waiting(target);
    const due = waiting.filter(({ dueAt }) => dueAt <= this.#now).slice(0, most);
    const result = await this.#command({
      kind: 'lease',
      target,
      deliveries: most,
      bytes: 2 ** 30,
      configured: null,
      now: this.#now,
    });
    assert(result.kind === 'leased');
    assert.deepEqual(result.damaged, []);
    assert.deepEqual(
      result.rows.map((row) => [row.delivery, row.target, row.attempts, row.budgetStart, row.budgetSpentMs, row.event.seq]),
      due.map((delivery) => [
        delivery.seq,
        target,
        delivery.attempts,
        delivery.budgetStart,
        delivery.budgetSpent,
        delivery.event,
      ]),
    );
    assert.equal(result.nextDueAt, waiting[due.length]?.dueAt ?? null);
    for (const { delivery, lease, event } of result.rows) {
      this.#give(delivery, lease);
      assert.equal(Buffer.from(event.body).toString(), this.#model.events.get(event.seq)?.body);
    }
  }

  async #settle({ picks }: Of<'settle'>): Promise<void> {
    const rows: SettleRow[] = picks.map(({ pick, outcome, isStale }) => {
      const [delivery, lease] = this.#leased(pick);
      const number = (this.#model.deliveries.get(delivery)?.attempts ?? 0) + 1;
      const attempt: Partial<Attempt> | null = outcome.kind === 'filtered' ? null : { number, outcome: outcome.kind };
      const kept = attempt === null ? null : JSON.stringify(attempt);
      return { delivery, lease: isStale ? NO_SUCH_LEASE : lease, outcome, attempt: kept };
    });
    const expected = rows.map(({ delivery, lease, outcome }) => this.#model.settle(delivery, lease, outcome, this.#now));
    assert.deepEqual((await this.#commit({ settles: rows })).settles, expected);
  }

  async #letGo({ pick, isStale }: Of<'let-go'>): Promise<void> {
    const [delivery, leased] = this.#leased(pick);
    const lease = isStale ? NO_SUCH_LEASE : leased;
    await this.#commit({ releases: [{ delivery, lease }] });
    if (this.#model.leases.get(delivery) === lease) this.#model.leases.delete(delivery);
  }

  async #operate({ change, pick }: Of<'operate'>): Promise<void> {
    const all = [...this.#model.deliveries.keys()];
    const delivery = all[pick % (all.length + 1)] ?? this.#lastDelivery + 1;
    const expected = this.#model.operate(change, delivery, this.#now);
    assert.deepEqual(await this.#command({ kind: 'operate', change, delivery, now: this.#now }), expected);
  }

  async #replay({ pick, targets }: Of<'replay'>): Promise<void> {
    const all = [...this.#model.events.values()];
    const event = all[pick % (all.length + 1)];
    const seq = event?.seq ?? this.#lastEvent + 1;
    const result = await this.#command({ kind: 'replay-event', event: seq, targets, once: null, now: this.#now });
    if (event === undefined || event.gone) {
      assert.equal(result.kind, event === undefined ? 'missing' : 'gone');
      return;
    }
    assert(result.kind === 'replayed');
    assert.equal(result.deliveries.length, targets.length);
    targets.forEach((target, index) => {
      const delivery = result.deliveries[index] ?? 0;
      this.#newDelivery(delivery);
      this.#model.add({ seq: delivery, event: seq, route: event.route, target }, 'pending', this.#now);
    });
  }

  async #reconcile({ targets, routes }: Of<'reconcile'>): Promise<void> {
    let moved = 0;
    for (let restart = true, finished = false; !finished; restart = false) {
      const result = await this.#command({ kind: 'reconcile', targets, routes, ordered: [], now: this.#now, restart });
      assert(result.kind === 'moved');
      moved += result.moved;
      finished = result.finished;
    }
    assert.equal(moved, this.#model.reconcile(targets, routes, this.#now));
  }

  async #retain(): Promise<void> {
    const now = this.#now;
    const limits = { deliveredBefore: now - AGES.delivered, deadBefore: now - AGES.dead, rejectionsBefore: now };
    for (let restart = true, finished = false; !finished; restart = false) {
      const result = await this.#command({ kind: 'retain', ...limits, now, restart });
      assert(result.kind === 'retained');
      ({ finished } = result);
    }
    this.#model.retain(now);
  }

  /** One of the running attempts, or a claim that nobody has. */
  #leased(pick: number): [delivery: number, lease: number] {
    const all = [...this.#model.leases];
    return all[pick % (all.length + 1)] ?? [this.#lastDelivery, NO_SUCH_LEASE];
  }

  async #command(command: Command): Promise<CommandResult> {
    const [result] = (await this.#commit({ commands: [command] })).commands;
    assert(result !== undefined);
    return result;
  }

  async #commit(work: Omit<Work, 'now'>): Promise<Committed> {
    const result: BatchResult = await this.#driver.run({ ...work, now: this.#now });
    assert(result.kind === 'committed', JSON.stringify(result));
    this.#counted(result);
    return result;
  }

  #counted({ backlogs }: Committed): void {
    for (const [route, pending] of backlogs) this.#backlogs.set(route, pending);
  }
}
