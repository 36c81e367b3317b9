import type { EdgeConfig, ProxyConfig, RouteConfig, SchemaConfig, TargetConfig } from '../config/types.ts';
import type { PlannedDelivery } from '../domain/event.ts';
import { isGlob, isListed } from '../domain/event-types.ts';
import { repliesOf } from '../providers/replies.ts';
import { parseSource, type Source } from '../providers/source.ts';
import { type Acknowledgement, acknowledgement } from './acknowledgement.ts';
import { type KeyRule, keyRule } from './dedup-key.ts';
import { type Admission, admission } from './door.ts';
import { type HandshakeRules, handshakeRules } from './handshake.ts';
import type { KeySource } from './key-source.ts';
import { type OrderingKeys, orderingKeys } from './ordering-key.ts';
import type { ReceivedRequest } from './received.ts';
import { secretInUse, withLearned } from './route-secrets.ts';
import type { SecretPlaces } from './stored-parts.ts';
import { type VerificationRule, verificationRule } from './verify.ts';

/** A route, ready to take requests. Never changed: a reload makes new ones. */
export interface Route {
  name: string;
  methods: ReadonlySet<string>;
  /** The Allow header's value. */
  allow: string;
  rule: VerificationRule;
  key: KeyRule;
  typeSources: readonly Source[];
  plan: DeliveryPlan;
  /** Null when none of its targets has an ordering. */
  ordering: OrderingKeys | null;
  /** Null in queue mode. */
  proxy: ProxyConfig | null;
  admission: Admission;
  schema: Pick<SchemaConfig, 'onInvalid' | 'check'> | null;
  handshakes: HandshakeRules;
  /** How an event is acknowledged, also a duplicate. */
  acknowledgement: Acknowledgement;
  /** The provider wants refusals without a body. */
  emptyRefusals: boolean;
}

/** Public paths (exact, as they stand in the request line) and their routes. */
export type RouteTable = ReadonlyMap<string, Route>;

export interface RouteTableOptions {
  /** The secrets that a route's sender has handed over. */
  learned?: (route: string) => readonly string[];
  /** For providers that publish their keys. */
  keys?: KeySource | undefined;
  /** The table that the new one takes the place of. */
  former?: RouteTable | undefined;
  targets?: ReadonlyMap<string, Pick<TargetConfig, 'ordering'>>;
}

/** Throws a HookbayError when a route names a template or source that is none; then the old table stays. */
export function routeTable(routes: Iterable<RouteConfig>, options: RouteTableOptions = {}): RouteTable {
  const { learned, keys, former, targets = new Map() } = options;
  const table = new Map<string, Route>();
  const formerly = new Map([...(former?.values() ?? [])].map((route) => [route.name, route.admission]));
  for (const config of routes) {
    const verify = withLearned(config.verify, learned?.(config.name) ?? []);
    const replies = repliesOf(verify.provider);
    const types = verify.provider === 'none' ? [] : verify.type;
    table.set(config.path, {
      name: config.name,
      methods: new Set(config.methods),
      allow: config.methods.join(', '),
      rule: verificationRule(verify, keys),
      key: keyRule(config.dedup, verify),
      typeSources: types.map(parseSource),
      plan: deliveryPlan(config.deliver),
      ordering: orderingKeys(
        config.name,
        config.deliver.map(({ target }) => target),
        targets,
      ),
      proxy: config.proxy,
      admission: admission(config.admission, formerly.get(config.name) ?? null),
      schema: config.schema,
      handshakes: handshakeRules(verify.provider, config.handshake, secretInUse(verify)),
      acknowledgement: acknowledgement(config.respond ?? replies.acknowledgement),
      emptyRefusals: replies.emptyRefusals,
    });
  }
  return table;
}

/** A path without what people get wrong when they type it. */
export function looseForm(path: string): string {
  return path.toLowerCase().replaceAll(/\/+/g, '/').replace(/\/$/, '');
}

export function nearPaths(table: RouteTable): ReadonlyMap<string, { name: string; path: string }> {
  return new Map([...table].map(([path, { name }]) => [looseForm(path), { name, path }]));
}

/** The places of all routes together. */
export function secretsOfAny(table: RouteTable): SecretPlaces {
  const all = [...table.values()].map(({ rule }) => rule.secrets);
  return {
    headers: [...new Set(all.flatMap(({ headers }) => headers))],
    query: [...new Set(all.flatMap(({ query }) => query))],
    body: all.flatMap(({ body }) => body),
  };
}

/** A type becomes a header of the delivered request, so it is what fits there. */
const TYPE = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;

/** The event's type by its provider's rule; null when it names none, or none of 1-256 printable ASCII characters. */
export function eventType(request: ReceivedRequest, sources: readonly Source[]): string | null {
  for (const source of sources) {
    const text = request.text(source);
    if (text !== null && text.length <= 256 && TYPE.test(text)) return text;
  }
  return null;
}

/**
 * Which deliveries an event of each type gets, worked out once. Types come from senders, so only listed ones have an entry;
 * on a route with a glob the others are worked out for each event.
 */
export interface DeliveryPlan {
  byType: ReadonlyMap<string, readonly PlannedDelivery[]>;
  others: readonly PlannedDelivery[];
  /** Null on a route without globs. */
  plan: ((type: string) => readonly PlannedDelivery[]) | null;
}

/** Why a target whose `events` list does not have the type gets no attempt. */
const NOT_LISTED = 'type_not_in_events';

function deliveryPlan(edges: readonly EdgeConfig[]): DeliveryPlan {
  const deliveriesFor = (type: string | null): PlannedDelivery[] =>
    edges.map(({ target, events, delayMs }) => {
      if (!isListed(type, events)) return { kind: 'filtered', target, reason: NOT_LISTED };
      return delayMs === undefined ? { kind: 'pending', target } : { kind: 'pending', target, delayMs };
    });
  const listed = edges.flatMap(({ events }) => events ?? []);
  return {
    byType: new Map(listed.map((type) => [type, deliveriesFor(type)])),
    others: deliveriesFor(null),
    plan: listed.some(isGlob) ? deliveriesFor : null,
  };
}

export function plannedDeliveries(plan: DeliveryPlan, type: string | null): readonly PlannedDelivery[] {
  if (type === null) return plan.others;
  return plan.byType.get(type) ?? plan.plan?.(type) ?? plan.others;
}

/** Whether the target that answers in proxy mode gets an attempt for this type at all. */
export function isAttempted({ plan, proxy }: Route, type: string | null): boolean {
  return plannedDeliveries(plan, type).some(({ kind, target }) => target === proxy?.target && kind === 'pending');
}

/** Those that would be sent are held instead; what is not for a target stays so. */
export function quarantined(planned: readonly PlannedDelivery[], reason: string): PlannedDelivery[] {
  return planned.map((delivery) => (delivery.kind === 'pending' ? { kind: 'held', target: delivery.target, reason } : delivery));
}
