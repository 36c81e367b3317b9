import type { DeliveryStatus } from '../../domain/delivery.ts';

/** Wall ms: what was finished before is old. What is left out is as old as what was delivered, or has no limit. */
export interface RetentionLimits {
  deliveredBefore: number;
  deadBefore: number;
  rejectionsBefore: number;
  filteredBefore?: number;
  cancelledBefore?: number;
  /** Content of events that are done goes then. */
  bodiesBefore?: number;
  /** Of routes with an age of their own, by name: for everything finished of it. */
  keepBefore?: ReadonlyMap<string, number>;
  /** Bytes of pages in use above which the oldest go. */
  maxBytes?: number;
}

/** How an event and its deliveries lie in time. */
interface Life {
  route: string;
  received_at: number;
}

interface Finished {
  status: DeliveryStatus;
  finished_at: number | null;
}

/** From when on a delivery of this kind is old; never for what is not finished. */
function limitOf(status: DeliveryStatus, limits: RetentionLimits, own: number | undefined): number {
  switch (status) {
    case 'delivered':
      return own ?? limits.deliveredBefore;
    case 'filtered':
      return own ?? limits.filteredBefore ?? limits.deliveredBefore;
    case 'cancelled':
      return own ?? limits.cancelledBefore ?? limits.deliveredBefore;
    case 'dead':
      return own ?? limits.deadBefore;
    case 'pending':
    case 'held':
      return Number.NEGATIVE_INFINITY;
    default:
      return status satisfies never;
  }
}

/** Whether every delivery is older than its age; an event without any is as old as its acceptance. */
export function isOld(event: Life, deliveries: readonly Finished[], limits: RetentionLimits): boolean {
  const own = limits.keepBefore?.get(event.route);
  if (deliveries.length === 0) return event.received_at < limitOf('delivered', limits, own);
  return deliveries.every(({ status, finished_at: at }) => at !== null && at < limitOf(status, limits, own));
}

/** Whether nobody needs the content any more: a dead letter can still be retried, so its event keeps it. */
export function isContentOld(deliveries: readonly Finished[], { bodiesBefore }: RetentionLimits): boolean {
  if (bodiesBefore === undefined) return false;
  return deliveries.every(({ status, finished_at: at }) => status !== 'dead' && at !== null && at < bodiesBefore);
}

export function isDone(status: DeliveryStatus): boolean {
  return status !== 'pending' && status !== 'held';
}

/** The ages at which something may happen to an event, each once, oldest first. */
export function agesOf(limits: RetentionLimits): number[] {
  const { deliveredBefore, deadBefore, filteredBefore, cancelledBefore, bodiesBefore, keepBefore } = limits;
  const all = [deliveredBefore, deadBefore, filteredBefore, cancelledBefore, bodiesBefore, ...(keepBefore?.values() ?? [])];
  return [...new Set(all.filter((age) => age !== undefined))].sort((a, b) => a - b);
}
