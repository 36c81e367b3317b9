import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryStatus } from '../../src/domain/delivery.ts';
import type { Command, CommandResult, OnDead } from '../../src/store/sqlite/protocol.ts';
import { type BareWriter, type Committed, openBareWriter, type Work } from './bare-writer.ts';
import type { OrderingStep } from './ordering-steps.ts';
import { newEvent } from './store.ts';

const TARGET = 'app';
const ROUTE = 'knowledgesdk';
const START = 1_700_000_000_000;
const AGE_MS = 2_000;

interface Row {
  seq: number;
  status: DeliveryStatus;
  due_at: number | null;
  reason: string | null;
  key: string | null;
}

type Of<Kind extends OrderingStep['do']> = OrderingStep & { do: Kind };

/** A dispatcher as far as the store sees it, which checks after each commit that order is kept and nothing is forgotten. */
export class OrderingLife {
  #writer: BareWriter = openBareWriter();
  #now = START;
  #nextTaken = 1;
  #onDead: OnDead | null = 'skip';
  /** Who is leased here, and its key. */
  readonly #leased = new Map<number, { lease: number; key: string | null }>();
  /** When the dispatcher will next ask for what is due. */
  #asksAt = START;
  /** Dead letters that the deliveries behind them wait for. */
  readonly #blocking = new Set<number>();
  /** Deliveries that were due while their target had no ordering: they keep to none. */
  readonly #unordered = new Set<number>();
  /** For a dead letter that was passed over and tried again: those of its key that went on meanwhile. */
  readonly #overtaken = new Map<number, Set<number>>();
  /** Wall ms at which deliveries may go at the earliest. */
  readonly #notBefore = new Map<number, number>();
  #hasRoom = true;

  live(steps: readonly OrderingStep[]): void {
    try {
      this.#configure({ do: 'configure', isThere: true, onDead: this.#onDead });
      for (const step of steps) this.#take(step);
      this.#finish();
    } finally {
      this.#writer.remove();
    }
  }

  #take(step: OrderingStep): void {
    switch (step.do) {
      case 'append':
        this.#append(step);
        break;
      case 'lease':
        this.#lease(step.most);
        break;
      case 'settle':
        this.#settle(step);
        break;
      case 'let-go':
        this.#letGo(step.pick);
        break;
      case 'operate':
        this.#operate(step);
        break;
      case 'replay':
        this.#replay(step.pick);
        break;
      case 'delete':
        this.#delete(step.pick);
        break;
      case 'configure':
        this.#configure(step);
        break;
      case 'retain':
        this.#retain();
        break;
      case 'pass':
        this.#now += step.ms;
        break;
      case 'crash':
        this.#crash();
        break;
      default:
        step satisfies never;
    }
  }

  #append({ events }: Of<'append'>): void {
    const appends = events.map(({ key, isHeld, isTaken, delayMs }) => {
      const order = { ...(key === null ? {} : { orderingKey: key }), ...(delayMs === null || isHeld ? {} : { delayMs }) };
      const event = newEvent({ receivedAt: this.#now, headers: [] });
      if (isHeld) return { event, deliveries: [{ kind: 'held' as const, target: TARGET, reason: 'schema_invalid', ...order }] };
      this.#nextTaken += 2;
      const lease = isTaken && delayMs === null ? this.#nextTaken : null;
      return { event, deliveries: [{ kind: 'pending' as const, target: TARGET, lease, ...order }] };
    });
    const result = this.#commit({ appends });
    result.appends.forEach((appended, index) => {
      const delivery = appends[index]?.deliveries[0];
      assert(appended.kind === 'accepted' && delivery !== undefined);
      if (delivery.kind !== 'pending') return;
      const delayMs = events[index]?.delayMs ?? 0;
      this.#notBefore.set(appended.firstDelivery, this.#now + delayMs);
      if (this.#onDead === null) this.#unordered.add(appended.firstDelivery);
      if (appended.blocked?.includes(0)) return;
      if (delivery.lease === null) this.#wake(this.#now + delayMs);
      else this.#give(appended.firstDelivery, delivery.lease);
    });
    this.#check();
  }

  #lease(most: number): void {
    const room = { deliveries: most, bytes: 2 ** 20, configured: null, now: this.#now };
    const result = this.#command({ kind: 'lease', target: TARGET, ...room });
    assert(result.kind === 'leased');
    for (const { delivery, lease } of result.rows) this.#give(delivery, lease);
    this.#asksAt = result.nextDueAt ?? Number.POSITIVE_INFINITY;
    this.#check();
  }

  #settle({ picks, hasRoom }: Of<'settle'>): void {
    const chosen = new Map(picks.map(({ pick, outcome }) => [this.#pickLeased(pick), outcome]));
    this.#hasRoom = hasRoom;
    const settles = [...chosen].flatMap(([delivery, outcome]) => {
      const lease = delivery === null ? undefined : this.#leased.get(delivery)?.lease;
      if (delivery === null || lease === undefined) return [];
      this.#leased.delete(delivery);
      if (outcome.kind === 'retry') this.#wake(this.#now + outcome.delayMs);
      const row = this.#row(delivery);
      if (outcome.kind === 'dead' && row?.status !== 'cancelled' && this.#onDead === 'block' && row?.key !== null)
        this.#blocking.add(delivery);
      return [{ delivery, lease, outcome, attempt: '{}' }];
    });
    assert(this.#commit({ settles }).settles.every((isSettled) => isSettled));
    this.#check();
  }

  #letGo(pick: number): void {
    const delivery = this.#pickLeased(pick);
    const lease = delivery === null ? undefined : this.#leased.get(delivery)?.lease;
    if (delivery === null || lease === undefined) return;
    this.#leased.delete(delivery);
    this.#commit({ releases: [{ delivery, lease }] });
    this.#wake(this.#now);
    this.#check();
  }

  #operate({ change, pick }: Of<'operate'>): void {
    const rows = this.#rows();
    const row = rows[pick % Math.max(rows.length, 1)];
    if (row === undefined) return;
    const isSkipped = row.status === 'dead' && !this.#blocking.has(row.seq);
    const active = rows.filter(({ key, due_at: dueAt }) => key === row.key && dueAt !== null).map(({ seq }) => seq);
    const result = this.#command({ kind: 'operate', change, delivery: row.seq, now: this.#now });
    if (result.kind !== 'operated') return;
    this.#blocking.delete(row.seq);
    if (change !== 'cancel') this.#notBefore.delete(row.seq);
    if (this.#onDead === null && change !== 'cancel') this.#unordered.add(row.seq);
    if (isSkipped && change === 'retry') this.#overtaken.set(row.seq, new Set(active));
    if (change !== 'cancel') this.#wake(this.#now); // as operations.ts does, whatever came of it
    this.#check();
  }

  #replay(pick: number): void {
    const events = this.#writer.db.prepare('SELECT seq FROM events').pluck().all() as number[];
    const event = events[pick % Math.max(events.length, 1)];
    if (event === undefined) return;
    this.#command({ kind: 'replay-event', event, targets: [TARGET], once: null, now: this.#now });
    this.#wake(this.#now);
    this.#check();
  }

  #delete(pick: number): void {
    const read = this.#writer.db.prepare('SELECT seq, event_seq AS event, status FROM deliveries');
    const rows = read.all() as { seq: number; event: number; status: DeliveryStatus }[];
    const event = rows[pick % Math.max(rows.length, 1)]?.event;
    if (event === undefined) return;
    for (const row of rows.filter((one) => one.event === event)) {
      this.#blocking.delete(row.seq);
      this.#leased.delete(row.seq); // its attempt is aborted and the result refused
    }
    this.#command({ kind: 'delete-events', events: [event], now: this.#now });
    this.#check();
  }

  #configure({ isThere, onDead }: Of<'configure'>): void {
    const targets = isThere ? [TARGET] : [];
    const ordered: [string, OnDead][] = isThere && onDead !== null ? [[TARGET, onDead]] : [];
    for (let restart = true, finished = false; !finished; restart = false) {
      const result = this.#command({ kind: 'reconcile', targets, routes: [ROUTE], ordered, now: this.#now, restart });
      assert(result.kind === 'moved');
      for (const { dueAt } of result.due) this.#wake(dueAt);
      if (result.moved > 0) this.#notBefore.clear(); // what is held and released is due at once
      finished = result.finished;
    }
    if (isThere) {
      if (onDead !== 'block') this.#blocking.clear();
      if (onDead === null) for (const { seq } of this.#rows()) this.#unordered.add(seq);
      this.#onDead = onDead;
    }
    this.#check();
  }

  #retain(): void {
    const before = this.#now - AGE_MS;
    for (let restart = true, finished = false; !finished; restart = false) {
      const limits = { deliveredBefore: before, deadBefore: before, rejectionsBefore: before };
      const result = this.#command({ kind: 'retain', ...limits, now: this.#now, restart });
      assert(result.kind === 'retained');
      finished = result.finished;
    }
    const left = new Set(this.#rows().map(({ seq }) => seq));
    for (const seq of this.#blocking) if (!left.has(seq)) this.#blocking.delete(seq);
    this.#check();
  }

  /** What a killed process leaves behind is what its two files hold. */
  #crash(): void {
    const folder = mkdtempSync(join(tmpdir(), 'hookbay-order-'));
    copyFileSync(this.#writer.file, join(folder, 'hookbay.db'));
    copyFileSync(`${this.#writer.file}-wal`, join(folder, 'hookbay.db-wal'));
    this.#writer.remove();
    this.#writer = openBareWriter(folder);
    this.#leased.clear();
    this.#nextTaken = 1;
    this.#asksAt = this.#now;
    this.#configure({ do: 'configure', isThere: true, onDead: this.#onDead });
  }

  /** Whatever happened: once people and the target do their part, everything ends. */
  #finish(): void {
    this.#configure({ do: 'configure', isThere: true, onDead: this.#onDead });
    for (let rounds = 0; this.#rows().some(({ status }) => status === 'pending' || status === 'held'); rounds += 1) {
      assert(rounds < 500, `something waits for ever: ${JSON.stringify(this.#rows())}`);
      this.#now += 1000;
      for (const { seq, status } of this.#rows()) {
        if (status === 'held') this.#operateOn(seq, 'release');
        else if (this.#blocking.has(seq)) this.#operateOn(seq, 'discard');
      }
      if (this.#asksAt <= this.#now) this.#lease(5);
      const picks = [...this.#leased].map((_, pick) => ({ pick, outcome: { kind: 'delivered' } as const }));
      if (picks.length > 0) this.#settle({ do: 'settle', picks, hasRoom: true });
    }
    const places = this.#writer.db.prepare('SELECT count(*) FROM delivery_order').pluck().get();
    assert.equal(places, this.#blocking.size, 'a place is left that nobody has');
  }

  #operateOn(delivery: number, change: 'release' | 'discard'): void {
    const pick = this.#rows().findIndex(({ seq }) => seq === delivery);
    this.#operate({ do: 'operate', change, pick });
  }

  #give(delivery: number, lease: number): void {
    const rows = this.#rows();
    const row = rows.find(({ seq }) => seq === delivery);
    assert(row !== undefined && !this.#leased.has(delivery));
    const { key } = row;
    assert(this.#now >= (this.#notBefore.get(delivery) ?? 0), `${delivery} went before its delay was over`);
    if (key !== null) {
      for (const [other, entry] of this.#leased) {
        if (this.#unordered.has(other) || this.#unordered.has(delivery)) continue;
        assert.notEqual(entry.key, key, `${other} and ${delivery} at the same time`);
      }
      for (const earlier of rows.filter((one) => one.key === key && one.seq < delivery)) {
        const isOpen = earlier.status === 'pending' || earlier.status === 'held' || this.#blocking.has(earlier.seq);
        if (!isOpen || this.#unordered.has(earlier.seq) || this.#unordered.has(delivery)) continue;
        assert(this.#overtaken.get(earlier.seq)?.has(delivery), `${delivery} went before ${JSON.stringify(earlier)}`);
      }
    }
    this.#leased.set(delivery, { lease, key });
  }

  #wake(dueAt: number): void {
    this.#asksAt = Math.min(this.#asksAt, dueAt);
  }

  #commit(work: Omit<Work, 'now'>): Committed {
    const result = this.#writer.commit({ ...work, now: this.#now });
    for (const { dueAt } of result.freed?.woken ?? []) this.#wake(dueAt);
    const given: { delivery: number; lease: number }[] = [];
    for (const { delivery, lease } of result.freed?.rows ?? []) {
      this.#give(delivery, lease);
      if (!this.#hasRoom) given.push({ delivery, lease });
    }
    for (const { delivery } of given) this.#leased.delete(delivery);
    if (given.length > 0) {
      this.#commit({ releases: given });
      this.#wake(this.#now);
    }
    return result;
  }

  #command(command: Command): CommandResult {
    const [result] = this.#commit({ commands: [command] }).commands;
    assert(result !== undefined);
    return result;
  }

  #pickLeased(pick: number): number | null {
    const all = [...this.#leased.keys()];
    return all[pick % Math.max(all.length, 1)] ?? null;
  }

  #rows(): Row[] {
    const read = this.#writer.db.prepare('SELECT seq, status, due_at, reason, ordering_key AS key FROM deliveries ORDER BY seq');
    return read.all() as Row[];
  }

  #row(seq: number): Row | undefined {
    return this.#rows().find((row) => row.seq === seq);
  }

  #check(): void {
    const rows = this.#rows();
    const running = new Set([...this.#leased.values()].map(({ key }) => key).filter((key) => key !== null));
    const blocked = rows.filter(({ status, due_at: dueAt }) => status === 'pending' && dueAt === null);
    const places = new Set(this.#writer.db.prepare('SELECT delivery_seq FROM delivery_order').pluck().all());
    for (const row of blocked) {
      assert.equal(row.reason, 'waits_for_order');
      const ahead = rows.filter(({ key, seq, status }) => {
        const isOpen = status === 'pending' || status === 'held' || this.#blocking.has(seq);
        return isOpen && key === row.key && seq < row.seq && places.has(seq);
      });
      assert(ahead.length > 0, `${row.seq} waits for nobody`);
    }
    for (const { seq, due_at: dueAt, key } of rows) {
      if (dueAt === null || this.#leased.has(seq) || (key !== null && running.has(key))) continue;
      assert(this.#asksAt <= Math.max(dueAt, this.#now), `nobody will ask for ${seq}, due ${dueAt - this.#now}`);
    }
    const counted = this.#writer.db.prepare("SELECT total(count) FROM delivery_counts WHERE status = 'blocked'").pluck().get();
    assert.equal(counted, blocked.length);
  }
}
