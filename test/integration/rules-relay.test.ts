import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRecord } from '../support/admin-client.ts';
import { eventHeaders, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { startProxyRelay } from '../support/proxy-relay.ts';
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess, relayConfig } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const SECRET = 'a-signing-secret-of-some-length';
const RETRY = { attempts: 3, initial: '50ms', factor: 1, max: '50ms', jitter: 0 };
const FOR_EVER = '($f := function() { $f() }; $f())';

let app: Receiver;
let relay: RelayProcess;
beforeEach(async () => {
  app = await startReceiver();
});
afterEach(async () => {
  await relay?.remove();
  await app.close();
});

interface Edges {
  /** Keys of the edge of each target, by its name. */
  [target: string]: Record<string, unknown>;
}

function configOf(edges: Edges): Record<string, unknown> {
  const names = Object.keys(edges);
  return {
    targets: Object.fromEntries(
      names.map((name) => [name, { url: `${app.url}/${name}`, retry: RETRY, sign: { secret: SECRET } }]),
    ),
    routes: {
      knowledgesdk: {
        path: ROUTE_PATH,
        verify: { provider: 'knowledgesdk', token: TOKEN },
        deliver: names.map((target) => ({ target, ...edges[target] })),
      },
    },
  };
}

async function start(edges: Edges): Promise<void> {
  relay = await RelayProcess.start({ target: app.url, config: configOf(edges) });
}

async function reload(edges: Edges): Promise<void> {
  const file = join(relay.folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(relayConfig({ target: app.url, config: configOf(edges) })));
  await relay.admin.post('/api/v1/reload');
}

/** @returns the event's id */
async function post(key: string, body: unknown, query = ''): Promise<string> {
  const headers = { ...eventHeaders(key), 'x-internal': 'yes' };
  const answer = await fetch(relay.hookUrl + query, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return String(((await answer.json()) as { eventId: unknown }).eventId);
}

const sentTo = (target: string): ReceivedRequest[] => app.received.filter(({ url }) => url.split(/[/?]/)[1] === target);

async function delivery(eventId: string, target: string): Promise<Record<string, unknown>> {
  const page = await relay.admin.get(`/api/v1/deliveries?eventId=${eventId}&target=${target}`);
  const [found] = isRecord(page) && Array.isArray(page.data) ? page.data : [];
  if (!isRecord(found)) throw new Error('no such delivery');
  const whole = await relay.admin.get(`/api/v1/deliveries/${found.id}`);
  return isRecord(whole) ? whole : {};
}

const reaches = (eventId: string, target: string, status: string) =>
  waitFor(`${target} ${status}`, async () => {
    const found = await delivery(eventId, target);
    return found.status === status ? found : null;
  });

/** Processes that this one has started and that still run. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

describe('an edge with rules', () => {
  test('sends what its transform makes, signed as it is sent, with its headers, to its path', async () => {
    await start({
      app: {
        filter: 'payload.payload.total > 10',
        transform: {
          body: '{ "total": payload.payload.total, "type": event.type }',
          headers: '{ "x-total": payload.payload.total }',
        },
        headers: { add: { 'x-tenant': 'acme' }, remove: ['x-internal'] },
        path: '/orders',
      },
      plain: {},
    });
    const body = { event: 'ORDER_PAID', payload: { total: 11 } };
    const id = await post('a', body, '?a=1');
    await Promise.all([reaches(id, 'app', 'delivered'), reaches(id, 'plain', 'delivered')]);
    const [changed] = sentTo('app');
    expect(changed?.url).toBe('/app/orders?a=1');
    expect(changed?.body.toString()).toBe('{"total":11,"type":"ORDER_PAID"}');
    expect(changed?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '32',
      'x-tenant': 'acme',
      'x-total': '11',
      'hookbay-event-type': 'ORDER_PAID',
    });
    expect(changed?.headers).not.toHaveProperty('x-internal');
    const signed = `${id}.${changed?.headers['webhook-timestamp']}.${changed?.body}`;
    expect(changed?.headers['webhook-signature']).toBe(`v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`);
    const [plain] = sentTo('plain');
    expect(plain?.body.toString()).toBe(JSON.stringify(body));
    expect(plain?.headers).toMatchObject({ 'x-internal': 'yes', 'content-type': 'application/json' });
  });

  test('keeps back what its filter is not true of: no attempt, and its reason is there to be seen', async () => {
    await start({ app: { filter: 'payload.payload.total > 10' }, globs: { events: ['ORDER_*'] } });
    const id = await post('a', { event: 'INVOICE_PAID', payload: { total: 9 } });
    const filtered = await reaches(id, 'app', 'filtered');
    expect(filtered).toMatchObject({
      reason: 'filter: payload.payload.total > 10',
      attempts: 0,
      lastAttempt: null,
      history: [],
      nextAttemptAt: null,
      finishedAt: expect.any(String),
    });
    expect(await delivery(id, 'globs')).toMatchObject({ status: 'filtered', reason: 'type_not_in_events' });
    expect(await relay.admin.metric('hookbay_deliveries_filtered_total', { target: 'app' })).toBe(1);
    expect(await relay.admin.metric('hookbay_attempts_total', {})).toBe(0);
    expect(app.received).toEqual([]);
    const routes = await relay.admin.get('/api/v1/routes');
    expect(routes).toMatchObject({
      data: [{ deliver: [{ target: 'app', filter: 'payload.payload.total > 10' }, { events: ['ORDER_*'] }] }],
    });
    const other = await post('b', { event: 'ORDER_PAID', payload: { total: 99 } });
    await Promise.all([reaches(other, 'app', 'delivered'), reaches(other, 'globs', 'delivered')]);
  });

  test('a replay goes by the rules as they are now', async () => {
    await start({ app: { filter: 'false' } });
    const id = await post('a', { event: 'X' });
    await reaches(id, 'app', 'filtered');
    await reload({ app: { transform: '"now"' } });
    await relay.admin.post(`/api/v1/events/${id}/replay`);
    await waitFor('replay', () => sentTo('app').length === 1);
    expect(sentTo('app')[0]).toMatchObject({
      body: Buffer.from('now'),
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
  });
});

describe('an expression that fails', () => {
  test('fails the attempt, says why without a word of the event, and a corrected one heals it', async () => {
    await start({ app: { transform: '{ "n": payload.payload.name + 1 }' } });
    const id = await post('a', { event: 'X', payload: { name: 'hunter2' } });
    const dead = await reaches(id, 'app', 'dead');
    const error = {
      code: 'transform_failed',
      message:
        'Not sent, because of a rule of its route: the transform of the body: what stands left of an operator is no number (JSONata T2001 at character 29)',
    };
    expect(dead).toMatchObject({ reason: 'attempts_exhausted', attempts: 3, lastAttempt: { statusCode: null, error } });
    expect(JSON.stringify(dead)).not.toContain('hunter2');
    expect(relay.program.lines.join('\n')).not.toContain('hunter2');
    const target = await relay.admin.get('/api/v1/targets/app');
    expect(target).toMatchObject({ state: 'healthy' });
    expect(app.received).toEqual([]);
    await reload({ app: { transform: '{ "n": payload.payload.name }' } });
    await relay.admin.post(`/api/v1/deliveries/${dead.id}/retry`);
    await reaches(id, 'app', 'delivered');
    expect(sentTo('app')[0]?.body.toString()).toBe('{"n":"hunter2"}');
  });

  test('that never ends does not keep others from their events', async () => {
    await start({ app: { filter: FOR_EVER }, other: { filter: 'payload.event = "X"' }, plain: {} });
    const ids = await Promise.all(Array.from({ length: 5 }, (_, i) => post(`k${i}`, { event: 'X' })));
    await Promise.all(ids.flatMap((id) => [reaches(id, 'other', 'delivered'), reaches(id, 'plain', 'delivered')]));
    for (const id of ids) {
      const dead = await reaches(id, 'app', 'dead');
      expect(dead).toMatchObject({ attempts: 3, lastAttempt: { error: { code: 'expression_timeout' } } });
    }
    expect(await relay.admin.metric('hookbay_ready')).toBe(1);
  });
});

describe('the process of expressions', () => {
  test('is not there without expressions, comes with the first and goes with the last', async () => {
    await start({ app: { events: ['*'], path: '/x', delay: '1ms', headers: { remove: ['x-internal'] } } });
    const { pid } = relay.program;
    await reaches(await post('a', { event: 'X' }), 'app', 'delivered');
    expect(childrenOf(pid)).toEqual([]);
    await reload({ app: { filter: 'true' } });
    await waitFor('process', () => childrenOf(pid).length === 1);
    await reload({ app: {} });
    await waitFor('end of the process', () => childrenOf(pid).length === 0);
  });

  test('does not outlive a relay that was killed, also in the middle of what never ends', async () => {
    await start({ app: { filter: FOR_EVER } });
    const [child] = childrenOf(relay.program.pid);
    expect(child).toBeGreaterThan(0);
    await post('a', { event: 'X' });
    process.kill(relay.program.pid, 'SIGKILL'); // it alone, and not its group
    await waitFor('end of the process', () => !existsSync(`/proc/${child}`));
  });

  test('that is killed costs no delivery', async () => {
    await start({ app: { filter: 'true' } });
    const ids: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      ids.push(await post(`k${i}`, { event: 'X' }));
      if (i === 10) process.kill(childrenOf(relay.program.pid)[0] ?? 0, 'SIGKILL');
    }
    await Promise.all(ids.map((id) => reaches(id, 'app', 'delivered')));
    expect(sentTo('app').length).toBe(20);
  });
});

describe('a delay', () => {
  const DELAY_MS = 4_000;

  test('is kept over a restart', async () => {
    await start({ app: { delay: `${DELAY_MS}ms` }, plain: {} });
    const id = await post('a', { event: 'X' });
    await reaches(id, 'plain', 'delivered');
    const event = await relay.admin.get(`/api/v1/events/${id}`);
    const due = Date.parse(String(isRecord(event) ? event.receivedAt : '')) + DELAY_MS;
    expect(Date.parse(String((await delivery(id, 'app')).nextAttemptAt))).toBe(due);
    expect(sentTo('app')).toEqual([]);
    await relay.kill();
    relay = await relay.startAgain();
    await waitFor('delivery', () => sentTo('app').length === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(due);
    expect(sentTo('app')[0]?.headers['hookbay-attempt-trigger']).toBe('initial');
    await reaches(id, 'app', 'delivered');
  });

  test('is not for replays, nor for a retry by hand', async () => {
    await start({ app: { delay: '1h' } });
    const id = await post('a', { event: 'X' });
    const waiting = await delivery(id, 'app');
    expect(waiting).toMatchObject({ status: 'pending', attempts: 0 });
    await relay.admin.post(`/api/v1/events/${id}/replay`);
    await waitFor('replay', () => sentTo('app').length === 1);
    await relay.admin.post(`/api/v1/deliveries/${waiting.id}/retry`);
    await waitFor('retry', () => sentTo('app').length === 2);
  });
});

test('in proxy mode a filter that is false gives the acknowledgement, one that is true the answer', async () => {
  app.behave({ kind: 'answer', status: 201, body: 'made' });
  const proxied = await startProxyRelay({
    app: app.url,
    routeOptions: { deliver: [{ target: 'app', filter: 'payload.ask', transform: '{ "asked": payload.ask }' }] },
  });
  try {
    expect((await proxied.post('a', '{"ask":true}')).body.toString()).toBe('made');
    expect(app.received[0]?.body.toString()).toBe('{"asked":true}');
    const kept = await proxied.post('b', '{"ask":false}');
    expect(JSON.parse(kept.body.toString())).toMatchObject({ status: 'accepted' });
    expect(kept.afterMs).toBeLessThan(5_000);
    expect([await proxied.outcome('answered'), await proxied.outcome('filtered')]).toEqual([1, 1]);
    expect(app.received.length).toBe(1);
  } finally {
    await proxied.remove();
  }
});
