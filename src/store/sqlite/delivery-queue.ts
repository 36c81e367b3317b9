import type { Attempt, Settlement } from '../../domain/attempt.ts';
import type { Lease } from '../../domain/delivery.ts';
import { HookbayError } from '../../domain/errors.ts';
import { formatId, parseId } from '../../domain/ids.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';
import type { GroupCommit } from './group-commit.ts';
import { parseHead } from './head.ts';
import type { HandOff, StoreObserver } from './ports.ts';
import type { Configured, DamagedRow, Freed, LeasedRow } from './protocol.ts';

/** Claims, releases and settles deliveries for the dispatcher. */
export class SqliteDeliveryQueue {
  readonly #commits: GroupCommit;
  readonly #observer: StoreObserver;
  readonly #now: () => number;
  readonly #configured: () => Configured | null;
  readonly #handOff: HandOff;
  /** Numbers of deliveries that came in their order: more of their key are likely to wait for them. */
  readonly #inOrder = new Set<number>();

  constructor(
    commits: GroupCommit,
    observer: StoreObserver,
    now: () => number,
    configured: () => Configured | null,
    handOff: HandOff,
  ) {
    this.#handOff = handOff;
    this.#configured = configured;
    this.#commits = commits;
    this.#observer = observer;
    this.#now = now;
  }

  async lease(
    target: string,
    room: { deliveries: number; bytes: number },
  ): Promise<{ deliveries: LeasedDelivery[]; nextDueAt: number | null; cutShort?: boolean }> {
    const result = await this.#commits.command({
      kind: 'lease',
      target,
      ...room,
      configured: this.#configured(),
      now: this.#now(),
    });
    if (result.kind === 'failed') throw new HookbayError({ code: 'lease_failed', status: 500, message: result.message });
    if (result.kind !== 'leased') return { deliveries: [], nextDueAt: null };
    this.#tellDamaged(result.damaged);
    const { nextDueAt, cutShort } = result;
    return { deliveries: result.rows.map(leasedDelivery), nextDueAt, ...(cutShort && { cutShort }) };
  }

  /** Gives the dispatcher what the ends of others have freed; what it has no room for waits to be leased. */
  freed({ rows, damaged, woken }: Freed): void {
    this.#tellDamaged(damaged);
    for (const row of rows) {
      const delivery = leasedDelivery(row);
      if (this.#handOff.take(delivery)) {
        this.#inOrder.add(row.delivery);
        continue;
      }
      this.release([delivery]);
      this.#handOff.wake(row.target, this.#now());
    }
    for (const { target, dueAt } of woken) this.#handOff.wake(target, dueAt);
  }

  #tellDamaged(damaged: readonly DamagedRow[]): void {
    for (const { createdAt, delivery } of damaged) this.#observer.damaged(formatId('dlv', createdAt, delivery));
  }

  release(deliveries: readonly { id: string; lease: Lease }[]): void {
    const rows = deliveries.map(({ id, lease }) => ({ delivery: numberOf(id), lease }));
    for (const { delivery } of rows) this.#inOrder.delete(delivery);
    this.#commits.release(rows);
  }

  async settle(
    { id, lease }: { id: string; lease: Lease },
    attempt: Attempt | null,
    outcome: Settlement,
  ): Promise<{ kind: 'settled' } | { kind: 'stale' }> {
    const delivery = numberOf(id);
    const row = { delivery, lease, outcome, attempt: attempt === null ? null : JSON.stringify(attempt) };
    const settled = await this.#commits.settle(row, this.#inOrder.delete(delivery));
    return { kind: settled ? 'settled' : 'stale' };
  }
}

/** The row number in an id that this store has made itself. */
function numberOf(id: string): number {
  const parts = parseId('dlv', id);
  if (parts === null) throw new HookbayError({ code: 'bad_delivery_id', status: 500, message: `${id} is no delivery's id` });
  return parts.sequence;
}

function leasedDelivery(row: LeasedRow): LeasedDelivery {
  const { event } = row;
  const { method, path, query, peer, headers } = parseHead(event.head);
  return {
    id: formatId('dlv', row.createdAt, row.delivery),
    lease: row.lease,
    target: row.target,
    attempts: row.attempts,
    budgetStart: row.budgetStart,
    budgetSpentMs: row.budgetSpentMs,
    trigger: row.trigger,
    event: {
      id: formatId('evt', event.receivedAt, event.seq),
      route: event.route,
      type: event.type,
      receivedAt: event.receivedAt,
      method,
      path,
      query,
      peer,
      headers,
      body: Buffer.from(event.body.buffer, event.body.byteOffset, event.body.byteLength),
    },
  };
}
