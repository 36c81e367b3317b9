import type { Delivery } from './api/types.ts';
import { failureWords } from './words/delivery.ts';

/** Dead letters of one target that ended in the same way. */
export interface DeadGroup {
  target: string;
  /** `answered 500`; in words, without what differs from one attempt to the next. */
  failure: string;
  /** Newest first. */
  deliveries: Delivery[];
}

/** Groups dead letters by target and by how they ended, the largest group first. */
export function groupedDead(deliveries: readonly Delivery[]): DeadGroup[] {
  const groups = new Map<string, DeadGroup>();
  for (const delivery of deliveries) {
    const { target } = delivery;
    const failure = failureWords(delivery);
    const key = JSON.stringify([target, failure]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { target, failure, deliveries: [delivery] });
    else group.deliveries.push(delivery);
  }
  return [...groups.values()].sort((a, b) => b.deliveries.length - a.deliveries.length);
}
