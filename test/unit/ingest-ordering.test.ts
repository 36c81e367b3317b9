import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OrderingSource } from '../../src/config/ordering.ts';
import type { PlannedDelivery } from '../../src/domain/event.ts';
import { inOrder, orderingKeys } from '../../src/ingest/ordering-key.ts';
import { routeTable } from '../../src/ingest/route-table.ts';
import { received, routeConfig } from '../support/ingest.ts';

const PENDING: PlannedDelivery = { kind: 'pending', target: 'app' };

function targetsWith(by: OrderingSource) {
  return new Map([
    ['app', { ordering: { by, onDead: 'skip' as const } }],
    ['audit', { ordering: null }],
  ]);
}

function keyOf(by: OrderingSource, body: string, headers: [string, string][] = []): string | undefined {
  const keys = orderingKeys('hook', ['app'], targetsWith(by));
  if (keys === null) throw new Error('no keys');
  const [delivery] = inOrder([PENDING], keys, received(headers, body));
  return delivery?.kind === 'pending' ? delivery.orderingKey : undefined;
}

describe('the ordering key', () => {
  const job: OrderingSource = { kind: 'body-path', path: 'payload.jobId' };

  test('of a place in the body, also of a number', () => {
    expect(keyOf(job, '{"payload":{"jobId":"j1"}}')).toBe('j1');
    expect(keyOf(job, '{"payload":{"jobId":7}}')).toBe('7');
  });

  test('of a header', () => {
    expect(keyOf({ kind: 'header', name: 'x-job' }, '', [['X-Job', 'j2']])).toBe('j2');
  });

  test('of a route is the same for all its events', () => {
    expect(keyOf({ kind: 'route' }, '{}')).toBe('route:hook');
  });

  test.each(['{"payload":{}}', '{"payload":{"jobId":""}}', '{"payload":{"jobId":null}}', 'no json'])('is not in %s', (body) => {
    expect(keyOf(job, body)).toBeUndefined();
  });

  test('is a hash past 256 bytes', () => {
    const long = 'x'.repeat(257);
    const hash = createHash('sha256').update(long).digest('hex');
    expect(keyOf(job, JSON.stringify({ payload: { jobId: long } }))).toBe(`sha256:${hash}`);
  });

  test('is given to what may be attempted, of targets with an ordering alone', () => {
    const keys = orderingKeys('hook', ['app', 'audit'], targetsWith({ kind: 'route' }));
    if (keys === null) throw new Error('no keys');
    const planned: PlannedDelivery[] = [
      PENDING,
      { kind: 'held', target: 'app', reason: 'schema_invalid' },
      { kind: 'filtered', target: 'app', reason: 'type_not_in_events' },
      { kind: 'pending', target: 'audit' },
    ];
    expect(inOrder(planned, keys, received([], '{}'))).toEqual([
      { ...PENDING, orderingKey: 'route:hook' },
      { kind: 'held', target: 'app', reason: 'schema_invalid', orderingKey: 'route:hook' },
      { kind: 'filtered', target: 'app', reason: 'type_not_in_events' },
      { kind: 'pending', target: 'audit' },
    ]);
  });

  test('costs nothing where no target has an ordering', () => {
    const path = '/webhooks/knowledgesdk';
    expect(routeTable([routeConfig()], { targets: new Map([['app', { ordering: null }]]) }).get(path)?.ordering).toBeNull();
    expect(routeTable([routeConfig()], { targets: targetsWith({ kind: 'route' }) }).get(path)?.ordering).not.toBeNull();
  });
});
