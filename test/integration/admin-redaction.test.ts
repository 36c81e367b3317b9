import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attempt } from '../../src/domain/attempt.ts';
import type { HeaderList, NewEvent } from '../../src/domain/event.ts';
import { redactions } from '../../src/domain/redaction.ts';
import { type AdminRig, adminRig, BEARER } from '../support/admin-rig.ts';
import { openStream } from '../support/event-source.ts';

const CANARY = 'CANARY-1234';
const BODY = `{ "2": 12345678901234567890, "user": { "email": "${CANARY}", "name": "x" }, "items": [{"card":"${CANARY}"}, 7] }`;
const MASKED = '{ "2": 12345678901234567890, "user": { "email": "***", "name": "x" }, "items": [{"card":"***"}, 7] }';
const HEADERS: HeaderList = [
  ['Content-Type', 'application/json'],
  ['X-User', CANARY],
  ['Accept', '*/*'],
];

const VIEWER = { authorization: 'Bearer viewer-token-of-ben' };

let rig: AdminRig;
beforeEach(async () => {
  rig = await adminRig({
    tokens: ['correct-horse-battery', { name: 'ben', role: 'viewer', token: 'viewer-token-of-ben' }],
  });
  const rules = { headers: ['x-user'], body: ['user.email', 'items[*].card'] };
  rig.settings.redactions = redactions(
    new Map([
      ['knowledgesdk', rules],
      ['open', { headers: [], body: [] }],
    ]),
    { headers: [], body: [] },
  );
});
afterEach(() => rig.close());

const newEvent = (changes: Partial<NewEvent> = {}): NewEvent => ({
  ...{ route: 'knowledgesdk', receivedAt: Date.UTC(2026, 2, 20), type: 'PAGE_SCRAPED', method: 'POST' },
  ...{ dedup: { key: 'msg_1', windowMs: 1 }, path: '/webhooks/knowledgesdk', query: '', peer: '203.0.113.7' },
  ...{ contentType: 'application/json', headers: HEADERS, body: Buffer.from(BODY) },
  ...changes,
});

const get = (path: string) => request(rig.url).get(path).set(BEARER);
const bytes = (path: string) => get(path).responseType('blob');

describe('the body of an event', () => {
  it('is masked and says so, in its own media type', async () => {
    const id = await rig.store.append(newEvent(), ['app']);
    const answer = await bytes(`/api/v1/events/${id}/body`).expect(200);
    expect(answer.body.toString()).toBe(MASKED);
    expect(answer.headers).toMatchObject({ 'hookbay-redacted': 'true', 'content-type': 'application/json' });
    expect(answer.headers['content-length']).toBe(String(MASKED.length));
  });

  it('is every byte with raw=true for operators, and who read it is kept', async () => {
    const id = await rig.store.append(newEvent(), ['app']);
    const answer = await bytes(`/api/v1/events/${id}/body?raw=true`).expect(200);
    expect(answer.body.toString()).toBe(BODY);
    expect(answer.headers).not.toHaveProperty('hookbay-redacted');
    const { body } = await get('/api/v1/audit').expect(200);
    expect(body.data).toMatchObject([
      { actor: 'admin', action: 'GET /api/v1/events/{id}/body', subject: id, detail: '{"raw":true}', status: 200 },
    ]);
    await bytes(`/api/v1/events/${id}/body?raw=yes`).expect(400);
  });

  it('is masked for viewers, who may not ask for more', async () => {
    const id = await rig.store.append(newEvent(), ['app']);
    const path = `/api/v1/events/${id}/body`;
    const shown = await request(rig.url).get(path).set(VIEWER).responseType('blob').expect(200);
    expect(shown.body.toString()).toBe(MASKED);
    const refused = await request(rig.url).get(`${path}?raw=true`).set(VIEWER).expect(403);
    expect(refused.body).toMatchObject({ code: 'operator_required' });
    const { body } = await get('/api/v1/audit').expect(200);
    expect(body.data).toMatchObject([{ action: 'GET /api/v1/events/{id}/body', subject: id, status: 403 }]);
  });

  it.each([
    ['a form', Buffer.from(`email=${CANARY}`)],
    ['broken JSON', Buffer.from(BODY.slice(0, -1))],
    ['bytes that are no text', Buffer.concat([Buffer.from([0xff]), Buffer.from(BODY)])],
  ])('is hidden as a whole when it is %s', async (_what, body) => {
    const id = await rig.store.append(newEvent({ body }), ['app']);
    const answer = await bytes(`/api/v1/events/${id}/body`).expect(200);
    expect(answer.body.toString()).toBe('***');
    expect(answer.headers).toMatchObject({ 'hookbay-redacted': 'true', 'content-type': 'text/plain' });
  });

  it('comes as it is on a route that masks nothing', async () => {
    const id = await rig.store.append(newEvent({ route: 'open' }), ['app']);
    const answer = await bytes(`/api/v1/events/${id}/body`).expect(200);
    expect(answer.body.toString()).toBe(BODY);
    expect(answer.headers).not.toHaveProperty('hookbay-redacted');
  });

  it('is masked by every rule there is when its route is gone', async () => {
    const id = await rig.store.append(newEvent({ route: 'former' }), ['app']);
    expect((await bytes(`/api/v1/events/${id}/body`).expect(200)).body.toString()).toBe(MASKED);
  });
});

describe('the stream', () => {
  const told = async (query: string): Promise<object | undefined> => {
    const id = await rig.store.append(newEvent(), ['app']);
    rig.news.stored();
    await using stream = await openStream(`${rig.url}/api/v1/stream?from=2026-03-20T00:00:00Z&${query}`, BEARER);
    const [first] = await stream.take('event', 1);
    expect(first?.id).toBe(id);
    return first?.data as object | undefined;
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('masks headers and bodies, and says so', async () => {
    const data = await told('content=true');
    expect(data).toMatchObject({ bodyBase64: base64(MASKED), redacted: true });
    expect(JSON.stringify(data)).not.toContain(CANARY);
  });

  it('masks nothing with raw=true, for operators', async () => {
    const data = await told('content=true&raw=true');
    expect(data).toMatchObject({ bodyBase64: base64(BODY), headers: HEADERS });
    expect(data).not.toHaveProperty('redacted');
    await request(rig.url).get('/api/v1/stream?content=true&raw=true').set(VIEWER).expect(403);
  });
});

describe('the hash of a body, which would tell what is masked in it', () => {
  it.each(['', '/{id}'])('is not shown by GET /events%s', async (rest) => {
    const id = await rig.store.append(newEvent(), ['app']);
    const open = await rig.store.append(newEvent({ route: 'open' }), ['app']);
    const { body } = await get(`/api/v1/events${rest.replace('{id}', id)}`).expect(200);
    const [event] = (body.data ?? [body]).filter((each: { id: string }) => each.id === id);
    expect(event).toMatchObject({ id, sha256: null });
    expect((await get(`/api/v1/events/${open}`)).body.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is not in the stream, nor in what is found or would be deleted', async () => {
    const id = await rig.store.append(newEvent(), ['app']);
    rig.news.stored();
    for (const query of ['', '&content=true', '&raw=true']) {
      await using stream = await openStream(`${rig.url}/api/v1/stream?from=2026-03-20T00:00:00Z${query}`, BEARER);
      expect(await stream.take('event', 1)).toMatchObject([{ data: { id, sha256: null } }]);
    }
    expect((await get('/api/v1/search?body=CANARY').expect(200)).text).toContain('"sha256":null');
    const filter = { route: 'knowledgesdk' };
    const preview = await request(rig.url).post('/api/v1/deletions').set(BEARER).send({ filter, dryRun: true }).expect(200);
    expect(preview.body.sample).toMatchObject([{ id, sha256: null }]);
  });
});

describe('the search through bodies', () => {
  it('is for operators where bodies are masked, and for everybody elsewhere', async () => {
    await rig.store.append(newEvent(), ['app']);
    const search = (headers: Record<string, string>) => request(rig.url).get('/api/v1/search?body=CANARY').set(headers);
    await search(VIEWER).expect(403);
    const found = await search(BEARER).expect(200);
    expect(found.text).toContain('"found":1');
    expect(found.text).not.toContain(CANARY);
    rig.settings.redactions = redactions(new Map(), { headers: ['x-user'], body: [] });
    await search(VIEWER).expect(200);
  });
});

describe('headers', () => {
  const attempt: Attempt = {
    ...{ number: 1, trigger: 'initial', startedAt: 1, durationMs: 4.5, outcome: 'dead', statusCode: 500, error: null },
    response: { headers: [...HEADERS], body: 'no', truncated: false },
  };

  it('are masked on events, and in what targets answered', async () => {
    const eventId = await rig.store.append(newEvent(), ['app']);
    const page = await rig.store.history.deliveries({ eventId }, { cursor: null, limit: 1 });
    const id = page.data[0]?.id ?? '';
    await rig.store.settle(id, attempt, { kind: 'dead', reason: 'budget_used' });
    for (const path of [`/events/${eventId}`, `/deliveries/${id}`, `/deliveries?eventId=${eventId}`]) {
      const { text } = await get(`/api/v1${path}`).expect(200);
      expect(text).toContain('["X-User","***"]');
      expect(text).not.toContain(CANARY);
    }
    const preview = await request(rig.url)
      .post('/api/v1/replays')
      .set(BEARER)
      .send({ filter: { status: 'dead' }, dryRun: true });
    expect(preview.body.sample).toHaveLength(1);
    expect(preview.text).not.toContain(CANARY);
  });
});

describe('rejections', () => {
  const reject = (route: string | null, bodyStart: string) =>
    rig.store.reject({
      ...{ route, at: Date.UTC(2026, 2, 20), reason: 'verification_failed', explanation: 'no', peer: '::1', status: 401 },
      ...{ headers: HEADERS, bodyStart },
    });

  it('are masked where they can be, and hidden where they cannot', async () => {
    await reject('knowledgesdk', BODY);
    await reject('knowledgesdk', BODY.slice(0, 60));
    await reject(null, BODY);
    await reject('knowledgesdk', '');
    const answer = await get('/api/v1/rejections').expect(200);
    expect(answer.text).not.toContain(CANARY);
    expect(answer.body.data.map(({ bodyStart }: { bodyStart: string }) => bodyStart)).toEqual(['', MASKED, '***', MASKED]);
    expect(answer.body.data[0].headers).toEqual([
      ['Content-Type', 'application/json'],
      ['X-User', '***'],
      ['Accept', '*/*'],
    ]);
  });

  it('are shown on a route that masks nothing', async () => {
    await reject('open', BODY);
    expect((await get('/api/v1/rejections').expect(200)).body.data[0].bodyStart).toBe(BODY);
  });
});

describe('alerts', () => {
  it('are listed, and tested', async () => {
    await request(rig.url).post('/api/v1/alerts/test').set(BEARER).send({}).expect(409);
    rig.alertTests.push({ to: 'https://a.example/[hidden]', format: 'slack', outcome: 'failed', code: 'http_404' });
    const test = await request(rig.url).post('/api/v1/alerts/test').set(BEARER).send({}).expect(200);
    expect(test.body).toEqual({ data: rig.alertTests });
    rig.alerts.push({
      ...{ id: 'alert_1', kind: 'breaker_open', state: 'resolved', key: 'breaker_open:app', target: 'app', route: null },
      ...{ summary: 's', detail: { reason: 'r' }, since: Date.UTC(2026, 2, 20), endedAt: Date.UTC(2026, 2, 21) },
    });
    const list = await get('/api/v1/alerts').expect(200);
    expect(list.body).toMatchObject({ data: [{ since: '2026-03-20T00:00:00.000Z', endedAt: '2026-03-21T00:00:00.000Z' }] });
  });
});
