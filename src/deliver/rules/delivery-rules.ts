import type { EdgeRules } from '../../config/types.ts';
import type { LeasedDelivery } from '../../domain/leased-delivery.ts';

/** The part of a route that says where its events go. */
export interface RoutedEdges {
  name: string;
  deliver: readonly { target: string; rules?: EdgeRules }[];
}

/** Finds the rules of a delivery: those on the edge from its route to its target, as configured now. */
export class DeliveryRules {
  /** By target, then by route: a delivery to a target without rules costs one look-up. */
  #byTarget: ReadonlyMap<string, ReadonlyMap<string, EdgeRules>> = new Map();

  configure(routes: Iterable<RoutedEdges>): void {
    const byTarget = new Map<string, Map<string, EdgeRules>>();
    for (const { name, deliver } of routes) {
      for (const { target, rules } of deliver) {
        if (rules !== undefined) byTarget.set(target, (byTarget.get(target) ?? new Map()).set(name, rules));
      }
    }
    this.#byTarget = byTarget;
  }

  /** Whether there are expressions to be evaluated. */
  get hasExpressions(): boolean {
    return [...this.#byTarget.values()].some((byRoute) => [...byRoute.values()].some(hasExpressions));
  }

  /** Null for a delivery that goes out as it came, which is the usual case. */
  of({ target, event }: LeasedDelivery): EdgeRules | null {
    return this.#byTarget.get(target)?.get(event.route) ?? null;
  }
}

export function hasExpressions({ filter, transform }: EdgeRules): boolean {
  return filter !== null || transform.body !== null || transform.headers !== null;
}
