import type { Database, Statement } from 'better-sqlite3';
import { type DeliveryState, type Lease, transition } from '../../domain/delivery.ts';
import type { Contents, Opened } from './contents.ts';
import type { DeliveryOrder } from './delivery-order.ts';
import type { DeliveryRows } from './delivery-rows.ts';
import type { LeaseTable } from './leases.ts';
import type { CommandResult, Configured, DamagedRow, Freed, LeasedRow } from './protocol.ts';

interface DueRow {
  seq: number;
  due_at: number;
}

interface ContentRow {
  created_at: number;
  event_seq: number;
  event_route: string;
  type: string | null;
  received_at: number;
  head_crc32: number;
  body_sha256: Buffer;
  head: Buffer | null;
  body: Buffer | null;
}

/** Leases made here are even, those that the main thread gives to appended deliveries are odd. */
const FIRST_LEASE = 2;
const LEASE_STEP = 2;

/**
 * All leases of one batch together take as long as what the batch has done before them, or half as long as the last commit
 * where the disk is slow, and no less or more than this: appends wait for them. 500 rows that were not in memory took 30 to 70 ms; when a target came back after an outage that was a p99 of
 * 60 ms for the others at 1,000 events/s.
 */
const LEAST_MS = 1;
const MOST_MS = 10;
/** Each lease gets so many, or holds so many that cannot go, however late it is. */
const LEAST_ROWS = 8;

type WholeRow = ContentRow & { head: Buffer; body: Buffer };
type Claim = { kind: 'leased'; row: LeasedRow } | { kind: 'damaged'; damaged: DamagedRow } | { kind: 'held' } | { kind: 'busy' };

/** What is freed in order goes to the dispatcher without having been asked for, so it is no more than one lease. */
const FREED: LeaseRoom = { deliveries: 500, bytes: 4 * 1024 * 1024 };

interface LeaseRoom {
  deliveries: number;
  bytes: number;
}

/** Claims due deliveries for the dispatcher, with what they carry. Runs inside the batch's transaction. */
export class Leaser {
  readonly #leases: LeaseTable;
  readonly #rows: DeliveryRows;
  readonly #contents: Contents;
  readonly #due: Statement;
  readonly #content: Statement;
  readonly #order: DeliveryOrder;
  /** Targets that have more in the store than they could lease: what is freed of them takes its turn there. */
  readonly #behind = new Set<string>();
  readonly #fixedMs: number | null;
  /** What is left of the batch's time. */
  #leftMs = 0;
  /** So many due rows are looked for at a time: about what there is time for, as looking has its price too. */
  #look = Number.POSITIVE_INFINITY;
  #nextLease: Lease = FIRST_LEASE;
  #configured: Configured | null = null;

  /** @param fixedMs what the leases of each batch may take, whatever else it does; null: see {@link LEAST_MS} */
  constructor(
    db: Database,
    leases: LeaseTable,
    rows: DeliveryRows,
    contents: Contents,
    order: DeliveryOrder,
    fixedMs: number | null = null,
  ) {
    this.#fixedMs = fixedMs;
    this.#order = order;
    this.#contents = contents;
    this.#leases = leases;
    this.#rows = rows;
    this.#due = db.prepare(
      "SELECT seq, due_at FROM deliveries WHERE status = 'pending' AND target = ? AND due_at >= 0 ORDER BY due_at, seq LIMIT ?",
    );
    this.#content = db.prepare(`SELECT d.created_at, d.event_seq, e.route AS event_route, e.type, e.received_at,
        e.head_crc32, e.body_sha256, c.head, c.body
      FROM deliveries d JOIN events e ON e.seq = d.event_seq LEFT JOIN event_content c ON c.seq = d.event_seq WHERE d.seq = ?`);
  }

  /**
   * To be called before the leases of a batch.
   * @param workMs what the batch has taken until now
   * @param commitMs what the last commit took: a lease that is followed by a long one has to be worth it
   */
  begin(workMs: number, commitMs: number): void {
    this.#leftMs = this.#fixedMs ?? Math.min(Math.max(LEAST_MS, workMs, commitMs / 2), MOST_MS);
  }

  /**
   * Oldest due first; what is left for another lease is said to be due. Those already leased stand at the front of the index
   * and are passed over: at most the dispatcher's hand-off of them, read from the index alone.
   */
  lease(target: string, room: LeaseRoom, configured: Configured | null, now: number): CommandResult {
    this.#configured = configured;
    const { deliveries, bytes } = room;
    const look = Math.min(deliveries, this.#look);
    const limit = this.#leases.countOf(target) + look + 1;
    const found = this.#due.all(target, limit) as DueRow[];
    const rows: LeasedRow[] = [];
    const damaged: DamagedRow[] = [];
    let used = 0;
    let held = 0;
    let busy = 0;
    let nextDueAt: number | null = null;
    let cutShort = false;
    const started = performance.now();
    for (const { seq, due_at: dueAt } of found) {
      if (this.#leases.get(seq) !== undefined) continue;
      const isOver = dueAt > now || rows.length >= deliveries || used >= bytes;
      cutShort = !isOver && rows.length + held >= LEAST_ROWS && performance.now() - started >= this.#leftMs;
      if (isOver || cutShort) {
        nextDueAt = dueAt;
        break;
      }
      const claim = this.#claim(seq, target, configured, now);
      if (claim.kind === 'leased') {
        rows.push(claim.row);
        used += claim.row.event.body.byteLength;
      } else if (claim.kind === 'busy') {
        busy += 1;
      } else {
        held += 1;
        if (claim.kind === 'damaged') damaged.push(claim.damaged);
      }
    }
    this.#leftMs -= performance.now() - started;
    if (cutShort) this.#look = (rows.length + held) * 2;
    else this.#look = rows.length + held > 0 ? this.#look * 2 : Number.POSITIVE_INFINITY; // the busy ones must hide nobody
    // There may be more than was looked for; those that were passed over took the place of others, too.
    if (nextDueAt === null && found.length === limit && (look < deliveries || held + busy > 0)) {
      nextDueAt = now;
      cutShort = look < deliveries || held > 0;
    }
    this.#behind[nextDueAt !== null && nextDueAt <= now ? 'add' : 'delete'](target);
    return { kind: 'leased', rows, nextDueAt, damaged, ...(cutShort && { cutShort }) };
  }

  /** Leases deliveries whose turn has come, as far as they fit into one lease; of the others it is said that they are due. */
  leaseFreed(freed: readonly { seq: number; target: string }[], now: number): Pick<Freed, 'rows' | 'damaged'> {
    const rows: LeasedRow[] = [];
    const damaged: DamagedRow[] = [];
    let used = 0;
    for (const { seq, target } of freed) {
      if (rows.length >= FREED.deliveries || used >= FREED.bytes || this.#behind.has(target)) {
        this.#order.wake(target, now);
        continue;
      }
      const claim = this.#claim(seq, target, this.#configured, now);
      if (claim.kind === 'damaged') damaged.push(claim.damaged);
      if (claim.kind !== 'leased') continue;
      rows.push(claim.row);
      used += claim.row.event.body.byteLength;
    }
    return { rows, damaged };
  }

  /** An event that is not what was accepted, or whose route is gone, is held and never sent. */
  #claim(seq: number, target: string, configured: Configured | null, now: number): Claim {
    const delivery = this.#rows.read(seq);
    if (delivery === null) return { kind: 'held' };
    const { orderingKey } = delivery;
    if (orderingKey !== null && this.#order.isOrdered(target) && this.#leases.isRunning(target, orderingKey)) {
      this.#order.passedOver(target, orderingKey);
      return { kind: 'busy' };
    }
    const hold = (reason: string): void => void this.#rows.change(seq, delivery, { kind: 'hold', reason }, now);
    const row = this.#content.get(seq) as ContentRow | undefined;
    const content = this.#open(row);
    if (row === undefined || content.kind === 'damaged') {
      hold('event_damaged');
      return { kind: 'damaged', damaged: { delivery: seq, createdAt: row?.created_at ?? 0 } };
    }
    if (content.kind === 'key-missing') {
      hold('key_missing');
      return { kind: 'held' };
    }
    if (configured !== null && !configured.routes.has(delivery.route)) {
      hold('route_removed');
      return { kind: 'held' };
    }
    const lease = this.#nextLease;
    const claimed = transition(delivery.state, { kind: 'lease', lease }, now);
    if (!claimed.ok) return { kind: 'held' };
    this.#nextLease += LEASE_STEP;
    this.#leases.set(seq, { state: claimed.state, route: delivery.route, target, orderingKey });
    return {
      kind: 'leased',
      row: leasedRow(seq, target, lease, claimed.state, { ...row, head: content.head, body: content.body }),
    };
  }

  #open(row: ContentRow | undefined): Opened {
    if (row === undefined || row.head === null || row.body === null) return { kind: 'damaged' };
    return this.#contents.open({ ...row, seq: row.event_seq, head: row.head, body: row.body });
  }
}

function leasedRow(seq: number, target: string, lease: Lease, state: DeliveryState, row: WholeRow): LeasedRow {
  return {
    delivery: seq,
    createdAt: row.created_at,
    lease,
    target,
    attempts: state.attempts,
    budgetStart: state.budgetStart,
    budgetSpentMs: state.budgetSpentMs,
    trigger: state.nextTrigger,
    event: {
      seq: row.event_seq,
      route: row.event_route,
      type: row.type,
      receivedAt: row.received_at,
      head: row.head,
      body: row.body,
    },
  };
}
