import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/admin/endpoint.ts';
import { endpoints } from '../../src/admin/endpoints/all.ts';
import type { Attempt } from '../../src/domain/attempt.ts';
import type { NewEvent } from '../../src/domain/event.ts';
import { type AdminRig, adminRig, BEARER } from '../support/admin-rig.ts';

let rig: AdminRig;
beforeEach(async () => {
  rig = await adminRig();
});
afterEach(() => rig.close());

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const newEvent = (changes: Partial<NewEvent> = {}): NewEvent => ({
  ...{ route: 'knowledgesdk', receivedAt: Date.UTC(2026, 2, 20), type: 'PAGE_SCRAPED', method: 'POST' },
  ...{ dedup: { key: 'msg_1', windowMs: 1 }, path: '/webhooks/knowledgesdk', query: '', peer: '203.0.113.7' },
  ...{ contentType: 'application/json', headers: [['Content-Type', 'application/json']], body: Buffer.from('{"a":1}') },
  ...changes,
});

const failed: Attempt = {
  ...{ number: 1, trigger: 'initial', startedAt: Date.UTC(2026, 2, 20), durationMs: 4.5, outcome: 'dead', statusCode: 500 },
  ...{
    error: { code: 'target_status', message: 'answered 500' },
    response: { headers: [['A', 'b']], body: 'no', truncated: false },
  },
};

async function delivery(target = 'app'): Promise<{ eventId: string; id: string }> {
  const eventId = await rig.store.append(newEvent(), [target]);
  const page = await rig.store.history.deliveries({ eventId }, { cursor: null, limit: 1 });
  return { eventId, id: page.data[0]?.id ?? '' };
}

async function dead(target = 'app'): Promise<{ eventId: string; id: string }> {
  const made = await delivery(target);
  await rig.store.settle(made.id, failed, { kind: 'dead', reason: 'budget_used' });
  return made;
}

/** The documented schema of an answer, which is also the OpenAPI document's. */
function expectDocumented(endpoint: Endpoint, answer: request.Response): void {
  const doc = endpoint.answers[answer.status];
  if (doc === undefined)
    throw new Error(`${endpoint.method} ${endpoint.path}: ${answer.status} is not documented: ${answer.text}`);
  if (doc.schema === undefined || doc.contentType !== undefined) return;
  expect(answer.type).toBe('application/json');
  doc.schema.parse(answer.body);
}

const get = (path: string) => request(rig.url).get(path).set(BEARER);
const post = (path: string, body: object = {}) => request(rig.url).post(path).set(BEARER).send(body);

describe('answers', () => {
  it('have the documented shape on every endpoint', async () => {
    const lost = await dead();
    const waiting = await delivery();
    await rig.store.reject({
      ...{
        route: null,
        at: 0,
        reason: 'unknown_path',
        explanation: 'e',
        peer: 'p',
        status: 404,
        headers: [['a', 'b']],
        bodyStart: '',
      },
    });
    const held = [await delivery(), await delivery()];
    for (const { id } of held) await rig.store.hold(id, 'target_removed');
    const task = await post('/api/v1/replays', { filter: { status: 'dead' } });
    const finished = await post('/api/v1/exports', { filter: { status: 'dead' } });
    rig.store.completeExport(finished.body.taskId, 10);
    const named: Record<string, string> = {
      '/api/v1/deliveries/{id}/retry': lost.id,
      '/api/v1/deliveries/{id}/cancel': waiting.id,
      '/api/v1/deliveries/{id}/release': held[0]?.id ?? '',
      '/api/v1/deliveries/{id}/discard': held[1]?.id ?? '',
      '/api/v1/tasks/{id}/download': finished.body.taskId,
      '/api/v1/routes/{name}/test': 'knowledgesdk',
      '/api/v1/routes/{name}/arm': 'notion',
      '/api/v1/routes/{name}/handshake': 'notion',
      '/api/v1/providers/{name}': 'stripe',
    };
    const fallback = (path: string) =>
      path.includes('/events/')
        ? lost.eventId
        : path.includes('/tasks/')
          ? task.body.taskId
          : path.includes('/targets/')
            ? 'app'
            : lost.id;
    const bodies: Record<string, object> = {
      '/api/v1/replays': { filter: { all: true } },
      '/api/v1/exports': { filter: { all: true } },
      '/api/v1/deletions': { filter: { all: true }, dryRun: true },
      '/api/v1/session': { token: 'correct-horse-battery' },
    };
    rig.alertTests.push({ to: 'https://a.example/[hidden]', format: 'json', outcome: 'delivered', code: null });
    // They have tests of their own: the stream has no end, and a search needs something to look for.
    const others = ['/api/v1/stream', '/api/v1/search'];
    // What deletes comes last: the others are asked about what is still there.
    const inOrder = endpoints.toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));
    for (const endpoint of inOrder.filter(({ path }) => !others.includes(path))) {
      const path = endpoint.path.replace(/\{\w+\}/, named[endpoint.path] ?? fallback(endpoint.path));
      const answer = await request(rig.url)
        [endpoint.method](path)
        .set(BEARER)
        .send(endpoint.method === 'post' ? (bodies[endpoint.path] ?? {}) : undefined);
      expectDocumented(endpoint, answer);
    }
  });

  it('show an event as designed', async () => {
    const { eventId, id } = await dead();
    const { body: event } = await get(`/api/v1/events/${eventId}`).expect(200);
    expect(event).toMatchObject({
      ...{ id: eventId, type: 'PAGE_SCRAPED', dedupKey: 'msg_1', receivedAt: '2026-03-20T00:00:00.000Z', size: 7, duplicates: 0 },
      ...{ headers: [['Content-Type', 'application/json']], deliveries: [{ id, status: 'dead' }] },
    });
    const { body: list } = await get('/api/v1/events').expect(200);
    expect(list).toMatchObject({ data: [{ id: eventId, statuses: { dead: 1 } }], nextCursor: null });
    expect(list.data[0]).not.toHaveProperty('headers');
    expect(list.data[0]).not.toHaveProperty('deliveries');
  });

  it('show a delivery with its history, its budget and whether it is being attempted', async () => {
    const { id, eventId } = await dead();
    const { body } = await get(`/api/v1/deliveries/${id}`).expect(200);
    expect(body).toMatchObject({
      ...{ id, eventId, target: 'app', status: 'dead', reason: 'budget_used', attempts: 1, maxAttempts: 24, nextAttemptAt: null },
      history: [{ number: 1, outcome: 'dead', statusCode: 500, startedAt: '2026-03-20T00:00:00.000Z' }],
    });
    expect(body.finishedAt).toMatch(ISO);
    const retried = await post(`/api/v1/deliveries/${id}/retry`).expect(200);
    expect(retried.body).toMatchObject({ status: 'pending', maxAttempts: 25 });
    rig.running.add(id);
    expect((await get(`/api/v1/deliveries?eventId=${eventId}`)).body.data[0].status).toBe('delivering');
    const other = await delivery('removed');
    expect((await get(`/api/v1/deliveries/${other.id}`)).body.maxAttempts).toBeNull();
  });

  it('give the body byte for byte, as something that cannot run', async () => {
    const body = Buffer.from([0, 255, 13, 10, 60, 115]);
    for (const [contentType, shown] of [
      ['text/html', 'text/html'],
      ['application/json', 'application/json'],
      ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
      ['bad type\u00ff', 'application/octet-stream'],
      [null, 'application/octet-stream'],
    ] as const) {
      const id = await rig.store.append(newEvent({ body, contentType }), ['app']);
      const answer = await get(`/api/v1/events/${id}/body`)
        .buffer(true)
        .parse((response, done) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => done(null, Buffer.concat(parts)));
        });
      expect(answer.status).toBe(200);
      expect(Buffer.compare(answer.body, body)).toBe(0);
      expect(answer.get('content-type')).toBe(shown);
      expect(answer.get('content-disposition')).toBe(`attachment; filename="${id}"`);
      expect(answer.get('content-security-policy')).toMatch(/^sandbox/);
      expect(answer.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('answer 404 for what is unknown and 410 for what is gone', async () => {
    for (const [path, code] of [
      ['events/x', 'unknown_event'],
      ['events/x/body', 'unknown_event'],
      ['deliveries/x', 'unknown_delivery'],
      ['tasks/x', 'unknown_task'],
      ['targets/x', 'unknown_target'],
    ]) {
      expect((await get(`/api/v1/${path}`).expect(404)).body).toMatchObject({ status: 404, code });
    }
    for (const path of [
      'events/x/replay',
      'deliveries/x/retry',
      'deliveries/x/cancel',
      'tasks/x/cancel',
      'targets/x/pause',
      'targets/x/resume',
      'routes/x/test',
      'routes/x/arm',
    ]) {
      await post(`/api/v1/${path}`).expect(404);
    }
    const { eventId } = await dead();
    await rig.store.expire(eventId);
    expect((await get(`/api/v1/events/${eventId}`).expect(410)).body.code).toBe('event_gone');
    await get(`/api/v1/events/${eventId}/body`).expect(410);
    await post(`/api/v1/events/${eventId}/replay`).expect(410);
  });
});

describe('queries', () => {
  it.each([
    ['/api/v1/events?statsu=dead', 'query: there is no "statsu" here, did you mean "status"?'],
    ['/api/v1/events?status=ded', 'query.status: Invalid option: expected one of "pending"|'],
    ['/api/v1/events?from=yesterday', 'query.from: expected an ISO 8601 time, for example 2026-03-20T14:30:00Z'],
    ['/api/v1/events?limit=0', 'query.limit: Too small: expected number to be >=1'],
    ['/api/v1/events?limit=1000', 'query.limit: Too big'],
    ['/api/v1/events?limit=ten', 'query.limit: Invalid input'],
    ['/api/v1/events?route=a&route=b', 'query.route: is given more than once'],
    ['/api/v1/events?route=', 'query.route: Too small'],
    ['/api/v1/events?__proto__=1', 'query: there is no "__proto__" here'],
    ['/api/v1/deliveries?from=2026-13-01', 'query.from: expected an ISO 8601 time'],
    ['/api/v1/stats?window=2d', 'query.window: expected a duration, for example "30m"'],
    ['/api/v1/stats?window=24h&step=5s', 'expected at most 1000 steps in the window'],
    ['/api/v1/targets/app?x', 'query: there is no "x" here'],
  ])('%s is refused with what was expected', async (path, detail) => {
    const { body } = await get(path).expect(400);
    expect(body).toMatchObject({ type: 'about:blank', status: 400, code: 'bad_query' });
    expect(body.detail).toContain(detail);
  });

  it('name every fault at once', async () => {
    const { body } = await get('/api/v1/events?limit=0&status=ded&foo=1').expect(400);
    expect(body.faults).toHaveLength(3);
    expect(body.hint).toContain('Known here: ');
    expect((await get('/api/v1/events?limit=0').expect(400)).body).not.toHaveProperty('hint');
  });

  it('reach the history with times in ms', async () => {
    const early = await rig.store.append(newEvent({ receivedAt: Date.UTC(2026, 0, 1) }), ['app']);
    const late = await rig.store.append(newEvent({ receivedAt: Date.UTC(2026, 0, 2) }), ['app']);
    const listed = async (query: string) =>
      (await get(`/api/v1/events?${query}`).expect(200)).body.data.map((event: { id: string }) => event.id);
    expect(await listed('from=2026-01-02')).toEqual([late]);
    expect(await listed('to=2026-01-02T01:00:00%2B01:00')).toEqual([early]);
    expect(await listed('limit=1')).toEqual([late]);
    const { body } = await get('/api/v1/events?limit=1').expect(200);
    expect(await listed(`limit=1&cursor=${body.nextCursor}`)).toEqual([early]);
    expect((await get('/api/v1/events?cursor=nonsense').expect(400)).body.code).toBe('bad_cursor');
  });
});

describe('operator actions', () => {
  it('are refused with 409 and a stable code', async () => {
    const { id } = await dead();
    expect((await post(`/api/v1/deliveries/${id}/cancel`).expect(409)).body).toMatchObject({
      code: 'wrong_status',
      detail: expect.stringContaining('is dead'),
    });
    const waiting = await delivery();
    await rig.store.lease(waiting.id);
    expect((await post(`/api/v1/deliveries/${waiting.id}/retry`).expect(409)).body.code).toBe('attempt_running');
    expect((await post(`/api/v1/deliveries/${waiting.id}/cancel`).expect(200)).body.status).toBe('cancelled');
  });

  it('replay an event to the targets that were named, if they are known', async () => {
    const { eventId } = await dead();
    const answer = await post(`/api/v1/events/${eventId}/replay`, { targets: ['audit', 'audit'] }).expect(202);
    expect(answer.body.deliveries).toMatchObject([{ eventId, target: 'audit', status: 'pending', maxAttempts: 3 }]);
    const refused = await post(`/api/v1/events/${eventId}/replay`, { targets: ['audti'] }).expect(400);
    expect(refused.body).toMatchObject({ code: 'unknown_target', detail: expect.stringContaining('did you mean "audit"') });
    const usual = await post(`/api/v1/events/${eventId}/replay`).expect(202);
    expect(usual.body.deliveries).toMatchObject([{ target: 'app' }]);
  });

  it('start a bulk replay and name its task', async () => {
    await dead();
    const preview = await post('/api/v1/replays', { filter: { status: 'dead', target: 'app' }, dryRun: true }).expect(200);
    expect(preview.body).toMatchObject({ matched: 1, sample: [{ status: 'dead' }] });
    expect(rig.wakes).toBe(0);
    const started = await post('/api/v1/replays', { filter: { status: 'dead' }, rateLimit: '90/m' }).expect(202);
    expect(started.body).toEqual({ taskId: expect.stringMatching(/^task_/), status: 'pending' });
    expect(started.get('location')).toBe(`/api/v1/tasks/${started.body.taskId}`);
    expect(rig.wakes).toBe(1);
    expect(await rig.store.work.open()).toEqual([{ kind: 'replay', id: started.body.taskId, ratePerSecond: 1.5 }]);
    expect((await get(started.get('location') ?? '').expect(200)).body).toMatchObject({
      kind: 'replay',
      status: 'pending',
      resultUrl: null,
    });
    expect((await post(`/api/v1/tasks/${started.body.taskId}/cancel`).expect(200)).body.status).toBe('cancelled');
  });

  it.each([
    [{}, 'body.filter'],
    [{ filter: {} }, 'needs "all": true'],
    [{ filter: { all: true, status: 'dead' } }, 'with conditions leave "all" out'],
    [{ filter: { all: false } }, 'body.filter.all'],
    [{ filter: { stauts: 'dead' } }, 'there is no "stauts" here'],
    [{ filter: { all: true }, rateLimit: '0/s' }, 'expected a rate'],
    [{ filter: { all: true }, rateLimit: 5 }, 'body.rateLimit'],
    [{ filter: { all: true }, targets: [] }, 'body.targets'],
    [{ filter: { deliveryIds: [] } }, 'body.filter.deliveryIds'],
    [[], 'expected object'],
  ])('refuse the bulk replay %j', async (body, detail) => {
    const answer = await post('/api/v1/replays', body).expect(400);
    expect(answer.body.code).toBe('bad_body');
    expect(answer.body.detail).toContain(detail);
    expect((await rig.store.work.open()).length).toBe(0);
  });

  it('pause and resume a target', async () => {
    expect((await post('/api/v1/targets/app/pause', { reason: 'deploy' }).expect(200)).body).toMatchObject({
      state: 'paused',
      reason: 'deploy',
    });
    expect((await post('/api/v1/targets/app/resume').expect(200)).body).toMatchObject({ state: 'healthy' });
  });

  it('send a test event', async () => {
    const answer = await post('/api/v1/routes/knowledgesdk/test', { type: 'PAGE_UPDATED', payload: { a: [1] } }).expect(200);
    expect(answer.body).toEqual({ statusCode: 200, eventId: 'evt_1', code: null });
    expect(rig.sent).toEqual([{ route: 'knowledgesdk', type: 'PAGE_UPDATED', payload: { a: [1] } }]);
  });

  it('reload the configuration', async () => {
    await post('/api/v1/reload').expect(200, { status: 'reloaded' });
    rig.reload = { kind: 'refused', code: 'configuration_faults', message: '1 fault', faults: ['config.yaml:3:1 …'] };
    expect((await post('/api/v1/reload').expect(422)).body).toMatchObject({
      code: 'configuration_faults',
      faults: ['config.yaml:3:1 …'],
    });
    rig.reload = { kind: 'refused', code: 'restart_required', message: 'listen changed', faults: [] };
    expect((await post('/api/v1/reload').expect(409)).body.code).toBe('restart_required');
  });

  it('leave a line in the log', async () => {
    await post('/api/v1/targets/app/pause').expect(200);
    expect(rig.log).toEqual([
      {
        level: 'info',
        message: 'admin action',
        record: expect.objectContaining({ path: '/api/v1/targets/app/pause', status: 200 }),
      },
    ]);
  });
});

describe('bodies', () => {
  it('must be a JSON object of bounded size', async () => {
    const raw = (text: string) =>
      request(rig.url).post('/api/v1/replays').set(BEARER).set('content-type', 'application/json').send(text);
    expect((await raw('{broken').expect(400)).body.code).toBe('bad_request');
    expect((await raw(`{"filter":{"route":"${'x'.repeat(600_000)}"}}`).expect(413)).body.code).toBe('too_large');
    expect((await post('/api/v1/reload', { unexpected: 1 }).expect(400)).body.code).toBe('bad_body');
  });
});

describe('the configuration', () => {
  it('is shown as it was given, and follows a reload', async () => {
    expect((await get('/api/v1/config').expect(200)).body).toEqual({ listen: '127.0.0.1:8080', admin: { token: '[hidden]' } });
    rig.server.apply({ ...rig.settings, routes: [], shownConfig: { changed: true } });
    expect((await get('/api/v1/config')).body).toEqual({ changed: true });
    expect((await get('/api/v1/routes')).body).toEqual({ data: [], nextCursor: null });
  });
});

describe('the listener', () => {
  /** A scrape that arrives and then waits to be let go. */
  async function waitingScrape(): Promise<{ answer: Promise<string>; release: () => void }> {
    await rig.close();
    const arrived = Promise.withResolvers<void>();
    const text = Promise.withResolvers<string>();
    const metrics = () => {
      arrived.resolve();
      return text.promise;
    };
    rig = await adminRig({ ports: { metrics: { contentType: 'text/plain', metrics } } });
    const answer = fetch(`${rig.url}/metrics`, { headers: BEARER }).then((response) => response.text());
    await arrived.promise;
    return { answer, release: () => text.resolve('done') };
  }

  it('finishes a request that runs when it is closed', async () => {
    const { answer, release } = await waitingScrape();
    const closed = rig.server.close(5_000);
    release();
    expect(await answer).toBe('done');
    await closed;
    await expect(fetch(`${rig.url}/healthz`)).rejects.toThrow();
  });

  it('does not wait for a request that does not end', async () => {
    const { answer } = await waitingScrape();
    const cut = expect(answer).rejects.toThrow();
    await rig.server.close(10);
    await cut;
  });

  it('rejects when the address is taken', async () => {
    const port = Number(new URL(rig.url).port);
    await expect(adminRig({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('a problem', () => {
  it('is titled by its status, as on the public listener, and names the path that was asked for', async () => {
    const { body } = await get('/api/v1/nope?a=1').expect(404);
    expect(body).toMatchObject({ title: 'Not Found', code: 'not_found', detail: 'There is nothing at /api/v1/nope.' });
    const unknown = await get('/api/v1/deliveries/dlv_nope').expect(404);
    expect(unknown.body).toMatchObject({ title: 'Not Found', code: 'unknown_delivery' });
  });
});
