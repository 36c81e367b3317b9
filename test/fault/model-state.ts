import type { Settlement } from '../../src/domain/attempt.ts';
import type { DeliveryStatus } from '../../src/domain/delivery.ts';
import type { CommandResult, OperatorChange } from '../../src/store/sqlite/protocol.ts';

export const AGES = { delivered: 500, dead: 2000 };

export interface ModelEvent {
  seq: number;
  receivedAt: number;
  route: string;
  key: string | null;
  expiresAt: number;
  body: string;
  duplicates: number;
  conflicts: number;
  gone: boolean;
}

export interface ModelDelivery {
  seq: number;
  event: number;
  route: string;
  target: string;
  status: DeliveryStatus;
  /** Held for what is wrong with it, so that no configuration frees it. */
  isQuarantined: boolean;
  dueAt: number | null;
  finishedAt: number | null;
  attempts: number;
  budgetStart: number;
  budgetSpent: number;
}

const byNumber = (a: number, b: number): number => a - b;

/** What the store has been told, in maps, by rules written down a second time and as plainly as can be. */
export class Model {
  readonly events = new Map<number, ModelEvent>();
  readonly deliveries = new Map<number, ModelDelivery>();
  readonly leases = new Map<number, number>();

  /** The event that makes a request with this key a duplicate. */
  known(route: string, key: string | null, receivedAt: number): ModelEvent | null {
    if (key === null) return null;
    const same = [...this.events.values()].filter((event) => event.route === route && event.key === key);
    const newest = same.toSorted((a, b) => b.seq - a.seq)[0];
    return newest !== undefined && newest.expiresAt > receivedAt ? newest : null;
  }

  add(
    delivery: Pick<ModelDelivery, 'seq' | 'event' | 'route' | 'target'>,
    as: 'pending' | 'filtered' | 'held',
    now: number,
  ): void {
    this.deliveries.set(delivery.seq, {
      ...delivery,
      ...{ status: as, dueAt: as === 'pending' ? now : null, finishedAt: as === 'filtered' ? now : null },
      ...{ isQuarantined: as === 'held', attempts: 0, budgetStart: 0, budgetSpent: 0 },
    });
  }

  /** Due and free deliveries of the target in the order in which they are to be leased, then those that come later. */
  waiting(target: string): (ModelDelivery & { dueAt: number })[] {
    const waiting: (ModelDelivery & { dueAt: number })[] = [];
    for (const delivery of this.deliveries.values()) {
      const { status, dueAt, seq } = delivery;
      if (status === 'pending' && dueAt !== null && delivery.target === target && !this.leases.has(seq)) {
        waiting.push({ ...delivery, dueAt });
      }
    }
    return waiting.toSorted((a, b) => a.dueAt - b.dueAt || a.seq - b.seq);
  }

  /** @returns whether the lease was there */
  settle(seq: number, lease: number, outcome: Settlement, now: number): boolean {
    if (this.leases.get(seq) !== lease) return false;
    this.leases.delete(seq);
    const delivery = this.deliveries.get(seq);
    if (delivery === undefined) return true; // cancelled while it was attempted, and old since then
    if (outcome.kind !== 'filtered') delivery.attempts += 1;
    if (delivery.status === 'cancelled') return true;
    if (outcome.kind === 'retry') {
      if (delivery.status !== 'pending') return true;
      delivery.dueAt = now + outcome.delayMs;
      delivery.budgetSpent += outcome.spentMs ?? 0;
      return true;
    }
    if (outcome.kind === 'paused') {
      delivery.budgetStart += 1;
      if (delivery.status === 'pending') delivery.dueAt = now;
      return true;
    }
    Object.assign(delivery, { status: outcome.kind, dueAt: null, finishedAt: now });
    return true;
  }

  operate(change: OperatorChange, seq: number, now: number): CommandResult {
    const delivery = this.deliveries.get(seq);
    if (delivery === undefined) return { kind: 'missing' };
    const { status, target, attempts } = delivery;
    const allowed = { retry: ['dead', 'pending', 'held'], cancel: ['pending'], discard: ['dead', 'held'], release: ['held'] };
    if (!allowed[change].includes(status)) return { kind: 'refused', code: 'wrong_status', status };
    const isRunning = this.leases.has(seq);
    if (isRunning && (change === 'retry' || change === 'discard')) return { kind: 'refused', code: 'attempt_running', status };
    if (change === 'cancel' || change === 'discard') {
      Object.assign(delivery, { status: 'cancelled', dueAt: null, finishedAt: now });
      return { kind: 'operated', due: null };
    }
    Object.assign(delivery, { status: 'pending', isQuarantined: false, dueAt: now, finishedAt: null });
    if (change === 'retry') Object.assign(delivery, { budgetStart: attempts, budgetSpent: 0 });
    return { kind: 'operated', due: { target, dueAt: now } };
  }

  /** @returns how many were moved */
  reconcile(targets: readonly string[], routes: readonly string[], now: number): number {
    let moved = 0;
    for (const delivery of this.deliveries.values()) {
      const isHere = targets.includes(delivery.target) && routes.includes(delivery.route);
      if (delivery.status === 'pending' && !isHere) Object.assign(delivery, { status: 'held', dueAt: null });
      else if (delivery.status === 'held' && !delivery.isQuarantined && isHere)
        Object.assign(delivery, { status: 'pending', dueAt: now });
      else continue;
      moved += 1;
    }
    return moved;
  }

  retain(now: number): void {
    const ages: Record<DeliveryStatus, number> = {
      ...{ delivered: AGES.delivered, filtered: AGES.delivered, cancelled: AGES.delivered },
      ...{ dead: AGES.dead, pending: Number.POSITIVE_INFINITY, held: Number.POSITIVE_INFINITY },
    };
    for (const event of this.events.values()) {
      if (event.receivedAt >= now - Math.min(AGES.delivered, AGES.dead)) continue;
      const own = [...this.deliveries.values()].filter((delivery) => delivery.event === event.seq);
      if (!own.every(({ status, finishedAt }) => finishedAt !== null && finishedAt < now - ages[status])) continue;
      for (const { seq } of own) this.deliveries.delete(seq);
      event.gone = true;
      if (event.key === null || event.expiresAt <= now) this.events.delete(event.seq);
    }
  }

  /** Pending deliveries of a route. */
  backlog(route: string): number {
    return [...this.deliveries.values()].filter((delivery) => delivery.status === 'pending' && delivery.route === route).length;
  }

  /** As the tables should say it: see {@link TABLES}. */
  tables(): Record<keyof typeof TABLES, unknown[][]> {
    const counts = new Map<string, number>();
    for (const { route, target, status } of this.deliveries.values()) {
      const name = `${route} ${target} ${status}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const events = [...this.events.values()].toSorted((a, b) => byNumber(a.seq, b.seq));
    const deliveries = [...this.deliveries.values()].toSorted((a, b) => byNumber(a.seq, b.seq));
    return {
      events: events.map((event) => [
        ...[event.seq, event.receivedAt, event.route, event.key, event.duplicates, event.conflicts],
        ...[event.gone ? 1 : 0, event.gone ? null : event.body],
      ]),
      deliveries: deliveries.map(({ attempts, ...delivery }) => [
        ...[delivery.seq, delivery.event, delivery.route, delivery.target, delivery.status, delivery.dueAt],
        ...[
          delivery.finishedAt,
          attempts,
          delivery.budgetStart,
          delivery.budgetSpent,
          Math.max(attempts - 1, 0),
          attempts === 0 ? null : attempts,
        ],
      ]),
      counts: [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      orphans: [[0]],
    };
  }
}

/** What is compared with the model after every step. */
export const TABLES = {
  events: `SELECT seq, received_at, route, dedup_key, duplicates, conflicts, gone,
    (SELECT CAST(body AS TEXT) FROM event_content c WHERE c.seq = e.seq) FROM events e ORDER BY seq`,
  deliveries: `SELECT seq, event_seq, route, target, status, due_at, finished_at, attempts, budget_start, budget_spent_ms,
    (SELECT count(*) FROM attempts a WHERE a.delivery_seq = d.seq), last_attempt ->> 'number' FROM deliveries d ORDER BY seq`,
  counts: `SELECT route || ' ' || target || ' ' || status AS name, count FROM delivery_counts WHERE count <> 0 ORDER BY name`,
  orphans: `SELECT (SELECT count(*) FROM attempts WHERE delivery_seq NOT IN (SELECT seq FROM deliveries))
    + (SELECT count(*) FROM event_content WHERE seq NOT IN (SELECT seq FROM events))`,
} as const;
