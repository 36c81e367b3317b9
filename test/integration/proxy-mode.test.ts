import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRecord } from '../support/admin-client.ts';
import { type Answer, PROXY_PATH, type ProxyRelay, type ProxySetup, startProxyRelay } from '../support/proxy-relay.ts';
import { type Behaviour, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const SOON = { attempts: 50, initial: '50ms', factor: 1, max: '50ms', jitter: 0 };
const MIB = 1024 * 1024;

let app: Receiver;
let relay: ProxyRelay;
beforeEach(async () => {
  app = await startReceiver();
});
afterEach(async () => {
  await relay.remove();
  await app.close();
});

async function start(setup: Partial<ProxySetup> = {}): Promise<void> {
  relay = await startProxyRelay({ app: `${app.url}/hooks`, ...setup });
}

const answers = (body: string | Buffer, headers: Record<string, string> = {}, status = 200): Behaviour => ({
  kind: 'answer',
  status,
  headers,
  body,
});

/** A gate for the target: it answers when it is opened. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

function isAcknowledgement({ status, body }: Answer, kind = 'accepted'): boolean {
  const parsed: unknown = JSON.parse(body.toString());
  return status === 200 && isRecord(parsed) && parsed.status === kind && String(parsed.eventId).startsWith('evt_');
}

const delivered = (count: number) =>
  waitFor(`${count} deliveries`, async () => (await relay.admin.counts('app')).delivered === count);

describe('an answer that comes in time', () => {
  test('is passed back with its status, fields and body, and settles the delivery', async () => {
    app.behave(answers('created', { 'content-type': 'text/plain', 'x-decision': 'yes' }, 201));
    await start();
    const answer = await relay.post('a', '{"question":1}');
    expect(answer).toMatchObject({ status: 201, headers: { 'content-type': 'text/plain', 'x-decision': 'yes' } });
    expect(answer.body.toString()).toBe('created');
    await delivered(1);
    expect(app.received.map(({ body }) => body.toString())).toEqual(['{"question":1}']);
    expect(await relay.outcome('answered')).toBe(1);
    expect(await relay.admin.metric('hookbay_events_accepted_total', { route: 'decisions' })).toBe(1);
  });

  test('names its event', async () => {
    app.behave(answers('ok', { 'hookbay-event-id': 'evt_of-somebody-else' }));
    await start();
    const { headers } = await relay.post('a');
    for await (const event of relay.admin.events()) expect(headers['hookbay-event-id']).toBe(event.id);
  });

  test('does not hide the event from who sends a test event', async () => {
    app.behave(answers('{"eventId":"something of the app"}'));
    await start();
    const result = await relay.admin.post('/api/v1/routes/decisions/test');
    for await (const event of relay.admin.events()) expect(result).toMatchObject({ statusCode: 200, eventId: event.id });
    expect(app.received.length).toBe(1);
  });

  test('keeps order, spelling, repeats and bytes of its fields, less those of its connection', async () => {
    const head = [
      'HTTP/1.1 202 Accepted',
      'X-Last-First: 1',
      'Set-Cookie: a=1; Path=/',
      'Connection: close, X-Hop',
      'X-Hop: no',
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: Basic',
      'Trailer: x-sum',
      'set-cookie: b=2',
      'X-Name: caf\xe9',
      'Transfer-Encoding: chunked',
    ].join('\r\n');
    app.behave({ kind: 'raw', bytes: `${head}\r\n\r\n3\r\nabc\r\n0\r\n\r\n` });
    await start();
    const { rawHeaders, body, status } = await relay.post('a');
    const own = rawHeaders.slice(0, rawHeaders.indexOf('hookbay-event-id'));
    expect(own).toEqual(['X-Last-First', '1', 'Set-Cookie', 'a=1; Path=/', 'set-cookie', 'b=2', 'X-Name', 'caf\xe9']);
    expect(rawHeaders.map((text) => text.toLowerCase())).not.toContain('x-hop');
    expect([status, body.toString(), rawHeaders[rawHeaders.indexOf('content-length') + 1]]).toEqual([202, 'abc', '3']);
  });

  test('keeps a compressed body byte for byte', async () => {
    const body = gzipSync(randomBytes(50_000));
    app.behave(answers(body, { 'content-encoding': 'gzip' }));
    await start();
    const answer = await relay.post('a');
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.body.equals(body)).toBe(true);
  });

  test('may have no body at all', async () => {
    app.behave({ kind: 'answer', status: 204 });
    await start();
    const { status, headers, body } = await relay.post('a');
    expect([status, headers['content-length'], body.length]).toEqual([204, undefined, 0]);
  });

  test('may be as large as 1 MiB', async () => {
    const body = randomBytes(MIB);
    app.behave(answers(body));
    await start();
    expect((await relay.post('a')).body.equals(body)).toBe(true);
  });

  test('is not taken from another target of the route', async () => {
    const audit = await startReceiver(answers('from audit'));
    app.behave(answers('from app'));
    const deliver = ['audit', { target: 'app', answers: true }];
    await start({ targets: { audit: { url: audit.url } }, routeOptions: { deliver } });
    expect((await relay.post('a')).body.toString()).toBe('from app');
    await waitFor('delivery to the other', () => audit.received.length === 1);
    await audit.close();
  });

  test('comes to every one of many senders at once: none is missed because its attempt began before it was waited for', async () => {
    app.behave(({ body }: ReceivedRequest) => answers(`echo ${body}`));
    await start({ targetOptions: { concurrency: 64 } });
    const bodies = Array.from({ length: 300 }, (_, i) => `{"n":${i}}`);
    const all = await Promise.all(bodies.map((body, i) => relay.post(`k${i}`, body)));
    expect(all.map(({ body }) => body.toString())).toEqual(bodies.map((body) => `echo ${body}`));
    expect(await relay.outcome('answered')).toBe(300);
  });
});

describe('the acknowledgement is sent', () => {
  test('when the target is slow; it is delivered once all the same', async () => {
    const { opened, open } = gate();
    const slow = await startReceiver();
    await start({ app: slow.url, routeOptions: { deadline: '300ms' } });
    slow.behave({ kind: 'later', when: opened, behaviour: answers('too late') });
    const answer = await relay.post('a');
    expect(isAcknowledgement(answer)).toBe(true);
    expect(answer.afterMs).toBeGreaterThan(250);
    expect((await relay.admin.counts('app')).pending).toBe(1);
    open();
    await delivered(1);
    expect(slow.received.length).toBe(1);
    expect(await relay.outcome('late')).toBe(1);
    await slow.close();
  });

  test('at once when the target is dead; it is delivered once, later', async () => {
    const { url } = app;
    await app.close();
    await start({ targetOptions: { retry: SOON } });
    const answer = await relay.post('a');
    expect(isAcknowledgement(answer)).toBe(true);
    expect(answer.afterMs).toBeLessThan(3_000);
    expect(await relay.outcome('failed')).toBe(1);
    app = await startReceiver(undefined, Number(new URL(url).port));
    await delivered(1);
    expect(app.received.length).toBe(1);
  });

  test.each<[string, Behaviour]>([
    ['500', answers('broken', {}, 500)],
    ['302', answers('', { location: 'http://127.0.0.1:9/' }, 302)],
    ['a reset within its body', { kind: 'reset', when: 'in-body' }],
    ['something that is no HTTP', { kind: 'raw', bytes: 'hello\r\n\r\n' }],
  ])('when the target answers %s; it is tried again', async (_name, bad) => {
    app.behave(() => (app.received.length === 1 ? bad : answers('second')));
    await start({ targetOptions: { retry: SOON } });
    const answer = await relay.post('a');
    expect(isAcknowledgement(answer)).toBe(true);
    expect(answer.rawHeaders).not.toContain('location');
    await delivered(1);
    expect(app.received.map(({ headers }) => headers['hookbay-attempt'])).toEqual(['1', '2']);
    expect(await relay.outcome('failed')).toBe(1);
  });

  test.each<[string, Behaviour]>([
    ['larger than 1 MiB', answers(Buffer.alloc(MIB + 1))],
    ['without an end', { kind: 'endless', status: 200 }],
  ])('when the answer is %s, which delivers', async (_name, large) => {
    app.behave(large);
    await start();
    expect(isAcknowledgement(await relay.post('a'))).toBe(true);
    await delivered(1);
    expect(app.received.length).toBe(1);
    expect(await relay.outcome('too_large')).toBe(1);
  });

  test('when there is no memory for the answer', async () => {
    app.behave(answers(Buffer.alloc(8_000)));
    await start({ limits: { body: '4KiB', inFlight: '4KiB' } });
    expect(isAcknowledgement(await relay.post('a'))).toBe(true);
    expect(await relay.outcome('too_large')).toBe(1);
  });

  test('when the answer drips past the deadline', async () => {
    app.behave({ kind: 'drip', status: 200, everyMs: 20 });
    await start({ routeOptions: { deadline: '200ms' }, targetOptions: { timeout: '1s', retry: SOON } });
    expect(isAcknowledgement(await relay.post('a'))).toBe(true);
    app.behave(answers('whole'));
    await delivered(1);
  });

  test('at once while the target is paused, and to those who wait when it is paused', async () => {
    app.behave({ kind: 'hang' });
    await start({ targetOptions: { concurrency: 1, timeout: '1s' } });
    const first = relay.post('runs');
    await waitFor('the first attempt', () => app.received.length === 1);
    const queued = relay.post('queued');
    await waitFor('a second event', async () => (await relay.admin.counts('app')).pending === 2);
    await relay.admin.post('/api/v1/targets/app/pause');
    expect(isAcknowledgement(await queued)).toBe(true);
    const paused = await relay.post('paused');
    expect(isAcknowledgement(paused)).toBe(true);
    expect(paused.afterMs).toBeLessThan(2_000);
    expect(await relay.outcome('not_started')).toBe(2);
    await first;
    app.behave(answers('at last'));
    await relay.admin.post('/api/v1/targets/app/resume');
    await delivered(2);
  });

  test('at once when the event is not for the answering target', async () => {
    const audit = await startReceiver();
    const deliver = ['audit', { target: 'app', answers: true, events: ['B'] }];
    const verify = { provider: 'knowledgesdk', token: 'a-token-for-tests' };
    await start({ targets: { audit: { url: audit.url } }, routeOptions: { deliver, verify, dedup: 'none' } });
    const headers = { 'x-knowledgesdk-webhook-token': 'a-token-for-tests' };
    const answer = await fetch(relay.url, { method: 'POST', headers, body: '{"event":"A","payload":{}}' });
    expect(await answer.json()).toMatchObject({ status: 'accepted' });
    expect(app.received.length).toBe(0);
    await audit.close();
  });
});

describe('a duplicate', () => {
  test('that comes while the attempt runs gets the same answer', async () => {
    const { opened, open } = gate();
    app.behave({ kind: 'later', when: opened, behaviour: answers('the one answer') });
    await start();
    const first = relay.post('a');
    await waitFor('the attempt', () => app.received.length === 1);
    const second = relay.post('a');
    await waitFor('the duplicate', async () => (await duplicates()) === 1);
    open();
    const bodies = (await Promise.all([first, second])).map(({ body }) => body.toString());
    expect(bodies).toEqual(['the one answer', 'the one answer']);
    expect(app.received.length).toBe(1);
    expect(await relay.outcome('answered')).toBe(2);
  });

  test('waits by its own deadline: one that comes after the first gave up still gets the answer', async () => {
    const { opened, open } = gate();
    app.behave({ kind: 'later', when: opened, behaviour: answers('the one answer') });
    await start({ routeOptions: { deadline: '1s' } });
    expect(isAcknowledgement(await relay.post('a'))).toBe(true);
    const second = relay.post('a');
    await waitFor('the duplicate', async () => (await duplicates()) === 1);
    open();
    expect((await second).body.toString()).toBe('the one answer');
  });

  test('that comes later gets the acknowledgement at once', async () => {
    app.behave(answers('the one answer'));
    await start();
    await relay.post('a');
    const second = await relay.post('a');
    expect(isAcknowledgement(second, 'duplicate')).toBe(true);
    expect(app.received.length).toBe(1);
    expect(await relay.outcome('not_started')).toBe(0);
  });

  async function duplicates(): Promise<number> {
    const page = await relay.admin.get('/api/v1/events');
    const [event] = isRecord(page) && Array.isArray(page.data) ? page.data : [];
    return isRecord(event) ? Number(event.duplicates) : 0;
  }
});

test('a sender that leaves changes nothing for the delivery, and one that comes back gets the answer', async () => {
  const { opened, open } = gate();
  app.behave({ kind: 'later', when: opened, behaviour: answers('ok') });
  await start();
  const socket = connect(Number(new URL(relay.url).port), '127.0.0.1');
  socket.write(`POST ${PROXY_PATH} HTTP/1.1\r\nHost: a\r\nX-Key: a\r\nContent-Length: 2\r\n\r\n{}`);
  await waitFor('the attempt', () => app.received.length === 1);
  socket.destroy();
  const again = relay.post('a');
  await waitFor('the second request', async () => {
    const page = await relay.admin.get('/api/v1/events');
    return JSON.stringify(page).includes('"duplicates":1');
  });
  open();
  expect((await again).body.toString()).toBe('ok');
  await delivered(1);
  expect(app.received.length).toBe(1);
});

test('a stop answers those who wait before the listener closes, and delivers what it acknowledged', async () => {
  const { opened, open } = gate();
  app.behave({ kind: 'later', when: opened, behaviour: answers('ok') });
  await start({ routeOptions: { deadline: '20s' }, targetOptions: { concurrency: 1 } });
  const running = relay.post('running');
  await waitFor('the attempt', () => app.received.length === 1);
  const queued = relay.post('queued');
  await waitFor('a second event', async () => (await relay.admin.counts('app')).pending === 2);
  const stopped = relay.stop();
  expect(isAcknowledgement(await queued)).toBe(true);
  const answer = await running;
  expect(isAcknowledgement(answer)).toBe(true);
  expect(answer.headers.connection).toBe('close');
  open();
  await stopped;
  expect(relay.messages()).not.toContain('results could not be stored before the end');
});

test('a stop still passes back an answer that comes within its patience', async () => {
  const { opened, open } = gate();
  app.behave({ kind: 'later', when: opened, behaviour: answers('just in time') });
  await start();
  const running = relay.post('a');
  await waitFor('the attempt', () => app.received.length === 1);
  const stopped = relay.stop();
  open();
  expect((await running).body.toString()).toBe('just in time');
  await stopped;
});

test('a reload leaves those who wait under the configuration that they came with', async () => {
  const { opened, open } = gate();
  app.behave({ kind: 'later', when: opened, behaviour: answers('from before') });
  await start({ targetOptions: { concurrency: 1 } });
  const running = relay.post('a');
  await waitFor('the attempt', () => app.received.length === 1);
  const queued = relay.post('b');
  await waitFor('a second event', async () => (await relay.admin.counts('app')).pending === 2);
  expect(await relay.reload({ routeOptions: { mode: 'queue' } })).toEqual({ kind: 'applied' });
  expect(isAcknowledgement(await relay.post('c'))).toBe(true);
  open();
  expect((await running).body.toString()).toBe('from before');
  expect((await queued).body.toString()).toBe('from before');
});
