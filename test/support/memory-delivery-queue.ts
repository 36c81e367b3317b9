import type { DeliveryQueue, LeaseBatch } from '../../src/deliver/ports.ts';
import type { Attempt } from '../../src/domain/attempt.ts';
import { type DeliveryState, isBlocked, type Lease, transition } from '../../src/domain/delivery.ts';
import type { EventContent, LeasedDelivery } from '../../src/domain/leased-delivery.ts';

interface Row {
  id: string;
  target: string;
  orderingKey: string | null;
  event: EventContent;
  state: DeliveryState;
  history: Attempt[];
}

/** A DeliveryQueue without a disk, held to test/contract/delivery-queue.ts. It goes by the domain's transitions. */
export interface MemoryDeliveryQueue extends DeliveryQueue {
  add(delivery: { target: string; dueAt: number; event?: Partial<Omit<EventContent, 'id'>>; orderingKey?: string }): string;
  /** What the dead letters of a target do to those behind them; they are skipped by default. */
  blockOnDead(target: string): void;
  /** As {@link add}, but claimed already: what a hand-off after a commit brings. */
  addLeased(target: string, event?: Partial<Omit<EventContent, 'id'>>): LeasedDelivery;
  row(id: string): Row;
  rows(): Row[];
  leased(): number;
  cancel(id: string): void;
  /** While set, every settle rejects with it. */
  failSettlesWith(error: Error | null): void;
}

export function createMemoryDeliveryQueue(now: () => number): MemoryDeliveryQueue {
  const rows = new Map<string, Row>();
  let sequence = 0;
  let lastLease: Lease = 0;
  let settleFault: Error | null = null;
  const blocking = new Set<string>();

  const row = (id: string): Row => {
    const found = rows.get(id);
    if (found === undefined) throw new Error(`no delivery ${id}`);
    return found;
  };
  const claim = (of: Row): LeasedDelivery => {
    lastLease += 1;
    const leased = transition(of.state, { kind: 'lease', lease: lastLease }, now());
    if (!leased.ok) throw new Error(`cannot lease: ${leased.refusal}`);
    of.state = leased.state;
    const { attempts, budgetStart, budgetSpentMs, nextTrigger } = of.state;
    const budget = { attempts, budgetStart, budgetSpentMs, trigger: nextTrigger };
    return { id: of.id, lease: lastLease, target: of.target, ...budget, event: of.event };
  };
  const waiting = (target: string): { row: Row; dueAt: number }[] => {
    const found: { row: Row; dueAt: number }[] = [];
    for (const of of rows.values()) {
      const { status, lease, dueAt } = of.state;
      if (of.target === target && status === 'pending' && lease === null && dueAt !== null) found.push({ row: of, dueAt });
    }
    return found.sort((a, b) => a.dueAt - b.dueAt);
  };

  /** Those of its key that have not ended, in the order in which they came. */
  const queueOf = ({ target, orderingKey }: Row): Row[] =>
    [...rows.values()].filter(
      (other) =>
        other.target === target &&
        other.orderingKey === orderingKey &&
        (['pending', 'held'].includes(other.state.status) ||
          other.state.lease !== null ||
          (other.state.status === 'dead' && blocking.has(target))),
    );
  /** The first of its key goes on, the others wait. */
  const keepOrder = (of: Row): void => {
    if (of.orderingKey === null) return;
    const [first] = queueOf(of);
    if (first === undefined || !isBlocked(first.state)) return;
    const freed = transition(first.state, { kind: 'unblock', notBefore: 0 }, now());
    if (freed.ok) first.state = freed.state;
  };

  const queue: MemoryDeliveryQueue = {
    add({ target, dueAt, event, orderingKey = null }) {
      sequence += 1;
      const id = `dlv_${sequence}`;
      const content: EventContent = {
        id: `evt_${sequence}`,
        route: 'knowledgesdk',
        type: 'PAGE_SCRAPED',
        receivedAt: now(),
        method: 'POST',
        path: '/webhooks/knowledgesdk',
        query: '',
        peer: '203.0.113.7',
        headers: [['Content-Type', 'application/json']],
        body: Buffer.from('{}'),
        ...event,
      };
      const state: DeliveryState = {
        status: 'pending',
        reason: null,
        dueAt,
        finishedAt: null,
        attempts: 0,
        budgetStart: 0,
        budgetSpentMs: 0,
        nextTrigger: 'initial',
        lease: null,
      };
      const added: Row = { id, target, orderingKey, event: content, state, history: [] };
      const blocked = orderingKey !== null && queueOf(added).length > 0 ? transition(state, { kind: 'block' }, now()) : null;
      if (blocked?.ok) added.state = blocked.state;
      rows.set(id, added);
      return id;
    },
    addLeased: (target, event) =>
      claim(row(queue.add(event === undefined ? { target, dueAt: now() } : { target, dueAt: now(), event }))),
    row,
    rows: () => [...rows.values()],
    leased: () => [...rows.values()].filter(({ state }) => state.lease !== null).length,
    cancel(id) {
      const cancelled = transition(row(id).state, { kind: 'cancel' }, now());
      if (cancelled.ok) row(id).state = cancelled.state;
      keepOrder(row(id));
    },
    blockOnDead: (target) => void blocking.add(target),
    failSettlesWith(error) {
      settleFault = error;
    },
    async lease(target, room): Promise<LeaseBatch> {
      const deliveries: LeasedDelivery[] = [];
      let bytes = 0;
      for (const { row: next, dueAt } of waiting(target)) {
        if (dueAt > now() || deliveries.length >= room.deliveries || bytes >= room.bytes) return { deliveries, nextDueAt: dueAt };
        deliveries.push(claim(next));
        bytes += next.event.body.length;
      }
      return { deliveries, nextDueAt: null };
    },
    release(deliveries) {
      for (const { id, lease } of deliveries) {
        const released = transition(row(id).state, { kind: 'release-lease', lease }, now());
        if (released.ok) row(id).state = released.state;
        keepOrder(row(id));
      }
    },
    async settle({ id, lease }, attempt, outcome) {
      if (settleFault !== null) throw settleFault;
      const settled = transition(row(id).state, { kind: 'settle', lease, outcome }, now());
      if (!settled.ok) return { kind: 'stale' };
      row(id).state = settled.state;
      if (attempt !== null) row(id).history.push(attempt);
      keepOrder(row(id));
      return { kind: 'settled' };
    },
  };
  return queue;
}
