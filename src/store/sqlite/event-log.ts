import { Chain, type Chained } from '../../domain/chain.ts';
import type { HookbayError } from '../../domain/errors.ts';
import type { AppendResult, NewEvent, PlannedDelivery, UnavailableReason } from '../../domain/event.ts';
import { formatId } from '../../domain/ids.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';
import type { GroupCommit } from './group-commit.ts';
import { renderHead } from './head.ts';
import type { StorageHealth } from './health.ts';
import type { HandOff } from './ports.ts';
import type { AppendDelivery, Appended, AppendRow, RouteBacklog } from './protocol.ts';

/** KnowledgeSDK gives up after 6 s: an answer that comes at 4 s, and says 'not taken', still arrives. */
const COMMIT_DEADLINE_MS = 4_000;
const DEADLINE_TICK_MS = 100;

/** Given by the main thread, so odd; the writer's own leases are even. */
const FIRST_LEASE = 1;
const LEASE_STEP = 2;

const REASONS: Record<string, UnavailableReason> = { disk_full: 'disk_full', shutting_down: 'shutting_down' };

const NO_ORDER = {};

interface OpenAppend extends Chained<OpenAppend> {
  startedAt: number;
  answer(result: AppendResult): void;
}

/** Takes events in: durable when `append` resolves with `accepted`. Never rejects. */
export class SqliteEventLog {
  readonly #commits: GroupCommit;
  readonly #health: StorageHealth;
  readonly #handOff: HandOff;
  readonly #monotonic: () => number;
  readonly #sealsKeys: boolean;
  readonly #open = new Chain<OpenAppend>();
  readonly #deadlines: NodeJS.Timeout;
  readonly #pending = new Map<string, number>();
  #nextLease = FIRST_LEASE;
  #handing: (() => void)[] = [];

  /** @param sealsKeys whether dedup keys are stored as hashes, and the keys themselves in the heads */
  constructor(commits: GroupCommit, health: StorageHealth, handOff: HandOff, monotonic: () => number, sealsKeys: boolean) {
    this.#sealsKeys = sealsKeys;
    this.#commits = commits;
    this.#health = health;
    this.#handOff = handOff;
    this.#monotonic = monotonic;
    this.#deadlines = setInterval(() => this.#giveUpOld(), DEADLINE_TICK_MS);
  }

  unavailable(): UnavailableReason | null {
    return this.#health.refusal;
  }

  pending(route: string): number {
    return this.#pending.get(route) ?? 0;
  }

  /** The writer's counts, with the start and then with each commit. */
  counted(backlogs: readonly RouteBacklog[]): void {
    for (const [route, pending] of backlogs) this.#pending.set(route, pending);
  }

  append(event: NewEvent, planned: readonly PlannedDelivery[]): Promise<AppendResult> {
    const reason = this.#health.refusal;
    if (reason !== null) return Promise.resolve({ kind: 'unavailable', reason });
    return new Promise((resolve) => {
      const open: OpenAppend = { startedAt: this.#monotonic(), answer: resolve, before: null, after: null };
      this.#open.add(open);
      const deliveries = planned.map((delivery) => this.#claim(delivery, event));
      this.#commits.append({
        head: renderHead(event, this.#sealsKeys ? event.dedup?.key : undefined),
        body: event.body,
        row: rowOf(event, deliveries),
        settled: (result) => this.#settled(open, event, deliveries, result),
        failed: (error) => this.#failed(open, event, deliveries, error),
      });
    });
  }

  close(): void {
    clearInterval(this.#deadlines);
  }

  #claim(planned: PlannedDelivery, event: NewEvent): AppendDelivery {
    if (planned.kind !== 'pending') return planned;
    const { target, delayMs, orderingKey } = planned;
    const order = orderingKey === undefined ? NO_ORDER : { orderingKey };
    // What is not due yet is never handed over in memory: it would be attempted at once.
    if (delayMs !== undefined) return { kind: 'pending', target, lease: null, delayMs, ...order };
    if (!this.#handOff.reserve(target, event.body.length, event.route)) return { kind: 'pending', target, lease: null, ...order };
    const lease = this.#nextLease;
    this.#nextLease += LEASE_STEP;
    return orderingKey === undefined ? { kind: 'pending', target, lease } : { kind: 'pending', target, lease, orderingKey };
  }

  #settled(open: OpenAppend, event: NewEvent, deliveries: AppendDelivery[], result: Appended): void {
    this.#open.remove(open);
    switch (result.kind) {
      case 'accepted': {
        const eventId = formatId('evt', event.receivedAt, result.event);
        open.answer({ kind: 'accepted', eventId });
        this.#later(() => this.#hand(event, eventId, deliveries, result));
        return;
      }
      case 'duplicate':
        this.#unreserve(event, deliveries);
        open.answer({ kind: 'duplicate', eventId: formatId('evt', result.receivedAt, result.event), conflict: result.conflict });
        return;
      case 'refused':
        this.#unreserve(event, deliveries);
        open.answer({ kind: 'unavailable', reason: 'row_refused' });
        return;
      default:
        result satisfies never;
    }
  }

  #failed(open: OpenAppend, event: NewEvent, deliveries: AppendDelivery[], error: HookbayError): void {
    this.#open.remove(open);
    this.#unreserve(event, deliveries);
    open.answer({ kind: 'unavailable', reason: REASONS[error.code] ?? 'storage_failing' });
  }

  #unreserve(event: NewEvent, deliveries: AppendDelivery[]): void {
    for (const delivery of deliveries) {
      if (delivery.kind === 'pending' && delivery.lease !== null) this.#handOff.unreserve(delivery.target, event.body.length);
    }
  }

  /** The senders of the whole batch are answered first: starting an attempt takes longer than an answer. */
  #later(hand: () => void): void {
    if (this.#handing.length === 0) {
      setImmediate(() => {
        for (const each of this.#handing.splice(0)) each();
      });
    }
    this.#handing.push(hand);
  }

  #hand(event: NewEvent, id: string, deliveries: AppendDelivery[], result: Appended & { kind: 'accepted' }): void {
    const { firstDelivery: first, blocked } = result;
    const { route, type, receivedAt, method, path, query, peer, headers, body } = event;
    const content: LeasedDelivery['event'] = { id, route, type, receivedAt, method, path, query, peer, headers, body };
    deliveries.forEach((delivery, index) => {
      if (delivery.kind !== 'pending') return;
      const { target, lease } = delivery;
      if (blocked?.includes(index)) {
        if (lease !== null) this.#handOff.unreserve(target, body.length);
      } else if (lease === null) {
        this.#handOff.wake(target, receivedAt + (delivery.delayMs ?? 0));
      } else {
        const dlv = formatId('dlv', receivedAt, first + index);
        const trigger = 'initial';
        this.#handOff.hand({ id: dlv, lease, target, attempts: 0, budgetStart: 0, budgetSpentMs: 0, trigger, event: content });
      }
    });
  }

  /** Oldest first, so the first young one ends the walk. What was given up may still be committed; then it is delivered. */
  #giveUpOld(): void {
    const latest = this.#monotonic() - COMMIT_DEADLINE_MS;
    for (let open = this.#open.first; open !== null && open.startedAt <= latest; open = this.#open.first) {
      this.#open.remove(open);
      // What waits for the disk stays in memory, so nothing more is let in until a commit has come back.
      this.#health.set('commit_stalled', true);
      open.answer({ kind: 'unavailable', reason: 'commit_timeout' });
    }
  }
}

function rowOf(event: NewEvent, deliveries: AppendDelivery[]): AppendRow {
  return {
    receivedAt: event.receivedAt,
    route: event.route,
    type: event.type,
    dedupKey: event.dedup?.key ?? null,
    dedupWindowMs: event.dedup?.windowMs ?? 0,
    headLength: 0,
    bodyLength: event.body.length,
    deliveries,
  };
}
