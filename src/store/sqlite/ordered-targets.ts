import type { Database, Statement } from 'better-sqlite3';
import { isBlocked } from '../../domain/delivery.ts';
import type { DeliveryOrder } from './delivery-order.ts';
import type { DeliveryRows } from './delivery-rows.ts';
import type { OnDead, OrderedTarget } from './protocol.ts';

/** Rows a step, as in reconcile.ts. */
const STEP_ROWS = 200;

/** Stored while its ordering is being switched off: some keys may have lost places of which others still wait. */
const SWITCHING_OFF = 'off';

interface PlaceRow {
  ordering_key: string;
  delivery_seq: number;
}

/** A target whose deliveries are to be gone through. `onDead` undefined: its ordering was switched off. */
interface Sweep {
  target: string;
  onDead: OnDead | undefined;
  key: string;
  seq: number;
}

/**
 * Brings the order of deliveries in line with the configuration: where ordering was switched off all are freed, where dead
 * letters block no longer what waited for them goes on. Targets that are not configured keep their order for when they are
 * back. Nothing is looked at where nothing has changed.
 */
export class OrderedTargets {
  readonly #rows: DeliveryRows;
  readonly #order: DeliveryOrder;
  readonly #stored: Statement;
  readonly #store: Statement;
  readonly #remove: Statement;
  readonly #places: Statement;
  #sweeps: Sweep[] = [];

  constructor(db: Database, rows: DeliveryRows, order: DeliveryOrder) {
    this.#rows = rows;
    this.#order = order;
    this.#stored = db.prepare('SELECT name, on_dead FROM ordered_targets').raw();
    this.#store = db.prepare('INSERT INTO ordered_targets VALUES (?, ?) ON CONFLICT DO UPDATE SET on_dead = excluded.on_dead');
    this.#remove = db.prepare('DELETE FROM ordered_targets WHERE name = ?');
    this.#places = db.prepare(`SELECT ordering_key, delivery_seq FROM delivery_order
      WHERE target = ? AND (ordering_key, delivery_seq) > (?, ?) ORDER BY ordering_key, delivery_seq LIMIT ?`);
  }

  /**
   * @param restart begin anew, with another configuration
   * @returns how many deliveries were looked at, and whether all is in line
   */
  step(
    targets: ReadonlySet<string>,
    ordered: readonly OrderedTarget[],
    now: number,
    restart: boolean,
  ): { moved: number; finished: boolean } {
    if (restart) this.#begin(targets, new Map(ordered));
    const [sweep] = this.#sweeps;
    if (sweep === undefined) return { moved: 0, finished: true };
    const places = this.#places.all(sweep.target, sweep.key, sweep.seq, STEP_ROWS) as PlaceRow[];
    let moved = 0;
    for (const place of places) moved += this.#consider(sweep, place, now);
    const last = places.at(-1);
    if (last !== undefined) Object.assign(sweep, { key: last.ordering_key, seq: last.delivery_seq });
    if (places.length < STEP_ROWS) this.#end(sweep);
    return { moved, finished: this.#sweeps.length === 0 };
  }

  /**
   * What is stored says what is done only at the end of a sweep: one that was cut short begins anew with the next start, or is
   * made good where the ordering is back before it has ended.
   */
  #begin(targets: ReadonlySet<string>, configured: ReadonlyMap<string, OnDead>): void {
    const stored = new Map(this.#stored.all() as [string, OnDead | typeof SWITCHING_OFF][]);
    const gone = [...stored].filter(([target]) => !targets.has(target));
    this.#order.configure(new Map([...gone.map(([target, before]) => [target, kept(before)] as const), ...configured]));
    this.#sweeps = [];
    for (const [target, before] of stored) {
      if (!targets.has(target)) continue;
      const onDead = configured.get(target);
      if (onDead === undefined) this.#store.run(target, SWITCHING_OFF);
      const isFreer = onDead === undefined || before === SWITCHING_OFF || (before === 'block' && onDead === 'skip');
      if (isFreer) this.#sweeps.push({ target, onDead, key: '', seq: 0 });
    }
    for (const [target, onDead] of configured) {
      const before = stored.get(target);
      if (before === undefined || (before === 'skip' && onDead === 'block')) this.#store.run(target, onDead);
    }
  }

  #end({ target, onDead }: Sweep): void {
    if (onDead === undefined) this.#remove.run(target);
    else this.#store.run(target, onDead);
    this.#sweeps.shift();
  }

  #consider({ target, onDead }: Sweep, { ordering_key: orderingKey, delivery_seq: seq }: PlaceRow, now: number): number {
    const delivery = this.#rows.read(seq);
    const place = { target, orderingKey, seq };
    if (onDead !== undefined) {
      if (delivery === null || !this.#order.holdsPlace(target, delivery.state)) {
        this.#rows.removed(place, now);
        return 1;
      }
      // The one that it waited for lost its place when the ordering was being switched off.
      if (!isBlocked(delivery.state) || this.#order.first(target, orderingKey) !== seq) return 0;
      this.#rows.free(place, delivery, this.#order.notBefore(place, now), now);
      return 1;
    }
    const notBefore = this.#order.notBefore(place, now);
    this.#order.leave(place);
    if (delivery === null || !isBlocked(delivery.state)) return 0;
    this.#rows.free(place, delivery, notBefore, now);
    return 1;
  }
}

/** Dead letters of a target whose ordering was being switched off block nobody. */
function kept(before: OnDead | typeof SWITCHING_OFF): OnDead {
  return before === SWITCHING_OFF ? 'skip' : before;
}
