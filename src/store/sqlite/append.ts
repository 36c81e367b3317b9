import type { Database, Statement } from 'better-sqlite3';
import type { DeliveryState, Lease } from '../../domain/delivery.ts';
import type { Contents } from './contents.ts';
import type { DedupIndex, KnownKey } from './dedup-index.ts';
import { NEW_DELIVERY } from './delivery-rows.ts';
import type { LeaseTable } from './leases.ts';
import type { NewOrdered, OrderedInserts } from './ordered-inserts.ts';
import type { AppendDelivery, Appended, AppendRow } from './protocol.ts';
import type { Tallies } from './tallies.ts';

/** About what an attempt with a short answer takes as JSON; see migrations/002-attempt-room.ts. */
const ROOM = '.'.repeat(384);
/** The same encrypted. */
const SEALED_ROOM = '.'.repeat(560);

/** Stores accepted requests: the event, its dedup key and its deliveries. Runs inside the batch's transaction. */
export class Appender {
  readonly #leases: LeaseTable;
  readonly #tallies: Tallies;
  readonly #keys: DedupIndex;
  readonly #contents: Contents;
  readonly #room: string;
  readonly #ordered: OrderedInserts;
  readonly #event: Statement;
  readonly #content: Statement;
  readonly #pending: Statement;
  readonly #unsent: Statement;
  readonly #again: Statement;

  constructor(db: Database, leases: LeaseTable, tallies: Tallies, keys: DedupIndex, contents: Contents, ordered: OrderedInserts) {
    this.#ordered = ordered;
    this.#contents = contents;
    this.#room = contents.isSealing ? SEALED_ROOM : ROOM;
    this.#keys = keys;
    this.#leases = leases;
    this.#tallies = tallies;
    this.#event = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?, ?, ?)');
    this.#content = db.prepare('INSERT INTO event_content VALUES (?, ?, ?)');
    this.#pending = db.prepare(`${NEW_DELIVERY} VALUES (?, ?, ?, ?, ?, 'pending', NULL, ?, NULL, 0, 0, 'initial', 0, NULL, ?)`);
    this.#unsent = db.prepare(`${NEW_DELIVERY} VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, 0, 0, 'initial', 0, NULL, NULL)`);
    this.#again = db.prepare('UPDATE events SET duplicates = duplicates + 1, conflicts = conflicts + ? WHERE seq = ?');
  }

  /**
   * @param head bytes of the head
   * @param body bytes of the body
   * @param now wall ms of the batch: what is not leased is due then
   */
  append(row: AppendRow, head: Uint8Array, body: Uint8Array, now: number): Appended {
    const bodyHash = this.#contents.bodyHash(body);
    const key = row.dedupKey === null ? null : this.#contents.storedKey(row.dedupKey);
    const known = key === null ? null : this.#known(row, key);
    // The window is fixed from the first acceptance; after it the key is new.
    if (known !== null && known.key_expires_at > row.receivedAt) return this.#duplicate(known, body, bodyHash);
    const seq = this.#tallies.take('event');
    const content = this.#contents.store(seq, row.receivedAt, head, body);
    this.#insert(row, seq, key, content.head_crc32, bodyHash);
    this.#content.run(seq, content.head, content.body);
    return this.#deliveries(row, seq, now);
  }

  /** The newest event with this key, in whatever form it was stored. */
  #known({ route, dedupKey }: AppendRow, key: string): KnownKey | null {
    let newest = this.#keys.find(route, key);
    for (const former of this.#contents.formerKeys(dedupKey ?? '')) {
      const found = this.#keys.find(route, former);
      if (found !== null && found.seq > (newest?.seq ?? 0)) newest = found;
    }
    return newest;
  }

  #insert(row: AppendRow, seq: number, key: string | null, headCrc32: number, bodyHash: Buffer): void {
    this.#event.run(
      seq,
      row.receivedAt,
      row.route,
      row.type,
      key,
      key === null ? null : row.receivedAt + row.dedupWindowMs,
      this.#tallies.peek('delivery'),
      row.deliveries.length,
      row.bodyLength,
      headCrc32,
      bodyHash,
    );
    if (key !== null) this.#keys.add(row.route, key, seq);
  }

  #duplicate(known: KnownKey, body: Uint8Array, bodyHash: Buffer): Appended {
    const conflict = !this.#contents.isSameBody(known.body_sha256, body, bodyHash);
    this.#again.run(conflict ? 1 : 0, known.seq);
    return { kind: 'duplicate', event: known.seq, receivedAt: known.received_at, conflict };
  }

  #deliveries(row: AppendRow, event: number, now: number): Appended {
    const first = this.#tallies.take('delivery', row.deliveries.length);
    const blocked: number[] = [];
    row.deliveries.forEach((delivery, index) => {
      const { kind, target } = delivery;
      const seq = first + index;
      if (kind !== 'filtered' && delivery.orderingKey !== undefined) {
        if (!this.#inOrder(row, delivery, delivery.orderingKey, { seq, event }, now)) blocked.push(index);
      } else if (kind === 'pending') {
        const { lease, delayMs } = delivery;
        const dueAt = delayMs === undefined ? now : row.receivedAt + delayMs;
        this.#pending.run(seq, event, row.receivedAt, row.route, target, dueAt, this.#room);
        if (lease !== null)
          this.#leases.set(seq, { state: newlyLeased(lease, now), route: row.route, target, orderingKey: null });
      } else {
        // What is held waits for a person, so it is not finished.
        const finishedAt = kind === 'held' ? null : now;
        this.#unsent.run(seq, event, row.receivedAt, row.route, target, kind, delivery.reason, finishedAt);
      }
      this.#tallies.add(row.route, target, kind, 1);
    });
    const accepted = { kind: 'accepted', event, firstDelivery: first } as const;
    return blocked.length === 0 ? accepted : { ...accepted, blocked };
  }

  /** @returns false for one that waits for others of its key */
  #inOrder(
    row: AppendRow,
    delivery: Exclude<AppendDelivery, { kind: 'filtered' }>,
    key: string,
    { seq, event }: { seq: number; event: number },
    now: number,
  ): boolean {
    const { target } = delivery;
    const orderingKey = this.#ordered.keyInUse(target, this.#contents.storedKey(key), this.#contents.formerKeys(key));
    const { receivedAt: createdAt, route } = row;
    const added: NewOrdered = {
      seq,
      event,
      createdAt,
      route,
      target,
      orderingKey,
      trigger: 'initial',
      replayed: false,
      room: delivery.kind === 'pending' ? this.#room : null,
    };
    if (delivery.kind === 'held') {
      this.#ordered.held(added, delivery.reason);
      return true;
    }
    const { lease, delayMs } = delivery;
    if (!this.#ordered.pending(added, now, delayMs)) return false;
    if (lease !== null) this.#leases.set(seq, { state: newlyLeased(lease, now), route, target, orderingKey });
    return true;
  }
}

function newlyLeased(lease: Lease, dueAt: number): DeliveryState {
  return {
    status: 'pending',
    reason: null,
    dueAt,
    finishedAt: null,
    attempts: 0,
    budgetStart: 0,
    budgetSpentMs: 0,
    nextTrigger: 'initial',
    lease,
  };
}
