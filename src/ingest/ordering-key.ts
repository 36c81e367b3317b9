import type { OrderingConfig } from '../config/ordering.ts';
import type { TargetConfig } from '../config/types.ts';
import type { PlannedDelivery } from '../domain/event.ts';
import { type Naming, naming } from './dedup-key.ts';
import type { ReceivedRequest } from './received.ts';

/** Names the ordering key of a request, by target. */
export type OrderingKeys = ReadonlyMap<string, Naming>;

/**
 * The rules of those of a route's targets that have an ordering; null when none has. Throws a HookbayError for a source that
 * is none.
 */
export function orderingKeys(
  route: string,
  targets: Iterable<string>,
  configs: ReadonlyMap<string, Pick<TargetConfig, 'ordering'>>,
): OrderingKeys | null {
  const keys = new Map<string, Naming>();
  for (const target of targets) {
    const ordering = configs.get(target)?.ordering ?? null;
    if (ordering !== null) keys.set(target, keyOf(route, ordering));
  }
  return keys.size === 0 ? null : keys;
}

function keyOf(route: string, { by }: OrderingConfig): Naming {
  switch (by.kind) {
    case 'route':
      return () => `route:${route}`;
    case 'header':
      return naming({ template: `{header:${by.name}}` });
    case 'body-path':
      return naming({ template: `{body:${by.path}}` });
    default:
      return by satisfies never;
  }
}

/** Gives the deliveries that may be attempted their keys. What is filtered keeps nobody waiting. */
export function inOrder(
  planned: readonly PlannedDelivery[],
  keys: OrderingKeys,
  request: ReceivedRequest,
): readonly PlannedDelivery[] {
  return planned.map((delivery) => {
    const orderingKey = delivery.kind === 'filtered' ? null : (keys.get(delivery.target)?.(request) ?? null);
    return orderingKey === null ? delivery : { ...delivery, orderingKey };
  });
}
