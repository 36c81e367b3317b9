import type { DeliveryStatus } from '../../domain/delivery.ts';
import { parseId } from '../../domain/ids.ts';
import type { DeliveryFilter } from '../../domain/listing.ts';

/** A condition over `deliveries d` with its parameters. */
export interface Condition {
  sql: string;
  params: (string | number)[];
}

/** The rows that ids name: a number that was given again after a restore has another time. */
export function namedBy(kind: 'evt' | 'dlv', ids: readonly string[]): string {
  const parts = ids.map((id) => parseId(kind, id)).filter((part) => part !== null);
  return JSON.stringify(parts.map(({ time, sequence }) => [sequence, time]));
}

const NAMED_DELIVERY = '(d.seq, d.created_at) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))';
const NAMED_EVENT = `d.event_seq IN (SELECT e.seq FROM json_each(?) JOIN events e ON e.seq = value ->> 0 AND e.received_at = value ->> 1)`;

/** Statuses with an index: what has one is found from it as long as it is not most of the table. */
export const INDEXED: ReadonlySet<DeliveryStatus> = new Set(['pending', 'dead', 'held']);

/**
 * A condition that finds rows of this status by its index. SQLite uses a partial index only when its own condition stands in
 * the query, and does not conclude it from another: `= 'dead'` alone read all of a million rows.
 * @param alias of the table, with its point
 */
export function byIndex(status: DeliveryStatus, alias = ''): string {
  const condition = `${alias}status = '${status}'`;
  return status === 'dead' || status === 'held' ? `${condition} AND ${alias}status IN ('dead', 'held')` : condition;
}

/** `from` counts, `to` does not; both speak of when the delivery was made. Statuses are a closed set, so they are written out: the partial indexes need that. */
export function conditionOf(filter: DeliveryFilter): Condition {
  const terms: string[] = ['1'];
  const params: (string | number)[] = [];
  const add = (term: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    terms.push(term);
    params.push(value);
  };
  if (filter.status !== undefined) terms.push(`d.status = '${filter.status}'`);
  add('d.target = ?', filter.target);
  add('d.route = ?', filter.route);
  add('EXISTS (SELECT 1 FROM events e WHERE e.seq = d.event_seq AND e.type = ?)', filter.type);
  add('d.created_at >= ?', filter.from);
  add('d.created_at < ?', filter.to);
  add(NAMED_EVENT, filter.eventId === undefined ? undefined : namedBy('evt', [filter.eventId]));
  add(NAMED_EVENT, filter.eventIds === undefined ? undefined : namedBy('evt', filter.eventIds));
  add(NAMED_DELIVERY, filter.deliveryIds === undefined ? undefined : namedBy('dlv', filter.deliveryIds));
  return { sql: terms.join(' AND '), params };
}
