import type { EdgeRules } from '../../src/config/types.ts';
import type { Expressions } from '../../src/deliver/rules/work.ts';
import type { EventContent, LeasedDelivery } from '../../src/domain/leased-delivery.ts';

export const NO_EXPRESSIONS: Expressions = { filter: null, body: null, headers: null };

export const NO_RULES: EdgeRules = {
  filter: null,
  transform: { body: null, headers: null },
  addHeaders: [],
  removeHeaders: [],
  path: '',
};

export function eventWith(payload: unknown, event: Partial<EventContent> = {}): EventContent {
  return {
    id: 'evt_1',
    route: 'orders',
    type: 'ORDER_PAID',
    receivedAt: 1_700_000_000_000,
    method: 'POST',
    path: '/in',
    query: '',
    peer: '203.0.113.7',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(JSON.stringify(payload)),
    ...event,
  };
}

export function deliveryOf(event: EventContent): LeasedDelivery {
  return { id: 'dlv_1', lease: 1, target: 'app', attempts: 0, budgetStart: 0, budgetSpentMs: 0, trigger: 'initial', event };
}
