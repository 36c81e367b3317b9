import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/domain/event.ts';
import { type AdminRig, adminRig, BEARER } from '../support/admin-rig.ts';
import { openStream } from '../support/event-source.ts';

const newEvent = (changes: Partial<NewEvent> = {}): NewEvent => ({
  ...{ route: 'knowledgesdk', receivedAt: Date.UTC(2026, 2, 20), type: 'EXTRACTION_COMPLETED', dedup: null, method: 'POST' },
  ...{ path: '/webhooks/knowledgesdk', query: '', peer: '203.0.113.7', contentType: 'application/json' },
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from([0x7b, 0xff, 0x7d]),
  ...changes,
});

describe('GET /api/v1/stream', () => {
  let rig: AdminRig;
  beforeEach(async () => {
    rig = await adminRig();
  });
  afterEach(() => rig.close());

  const store = async (changes: Partial<NewEvent> = {}): Promise<string> => {
    const id = await rig.store.append(newEvent(changes), ['app']);
    rig.news.stored();
    return id;
  };

  it('tells events as they are stored, and nothing from before', async () => {
    await store();
    await using stream = await openStream(`${rig.url}/api/v1/stream`, BEARER);
    await stream.opened;
    const first = await store();
    const second = await store({ type: null });
    const told = await stream.take('event', 2);
    expect(told.map(({ id }) => id)).toEqual([first, second]);
    expect(told[0]?.data).toMatchObject({ id: first, type: 'EXTRACTION_COMPLETED', deliveries: [{ target: 'app' }] });
    expect(told[0]?.data).not.toHaveProperty('bodyBase64');
  });

  it('goes on after the last event that was told, with what came meanwhile', async () => {
    const first = await store();
    const second = await store();
    const third = await store();
    const headers = { ...BEARER, 'last-event-id': first };
    await using stream = await openStream(`${rig.url}/api/v1/stream?content=true`, headers);
    const told = await stream.take('event', 2);
    expect(told.map(({ id }) => id)).toEqual([second, third]);
    expect(told[0]?.data).toMatchObject({ bodyBase64: 'e/99', headers: [['Content-Type', 'application/json']] });
  });

  it('filters, and begins at a time', async () => {
    await store({ receivedAt: Date.UTC(2026, 2, 19) });
    await store({ route: 'other' });
    const wanted = await store();
    const query = 'from=2026-03-20T00:00:00Z&route=knowledgesdk';
    await using stream = await openStream(`${rig.url}/api/v1/stream?${query}`, BEARER);
    expect((await stream.take('event', 1)).map(({ id }) => id)).toEqual([wanted]);
  });

  it('tells what becomes of deliveries', async () => {
    await using stream = await openStream(`${rig.url}/api/v1/stream`, BEARER);
    await stream.opened;
    const settled = { id: 'dlv_1', eventId: 'evt_1', route: 'knowledgesdk', target: 'app', status: 'delivered' as const };
    rig.news.settled(settled);
    expect((await stream.take('delivery', 1))[0]?.data).toEqual(settled);
  });

  it('says so when more happened than is kept', async () => {
    await using stream = await openStream(`${rig.url}/api/v1/stream`, BEARER);
    await stream.opened;
    const settled = { id: 'dlv_1', eventId: 'evt_1', route: 'knowledgesdk', target: 'app', status: 'delivered' as const };
    for (let i = 0; i < 2_001; i += 1) rig.news.settled(settled);
    expect((await stream.take('delivery', 2_000)).length).toBe(2_000);
    expect((await stream.take('missed', 1)).length).toBe(1);
  });

  it('nobody is watched for once the client has left', async () => {
    const stream = await openStream(`${rig.url}/api/v1/stream`, BEARER);
    await stream.opened;
    expect(rig.news.isWatched).toBe(true);
    await stream[Symbol.asyncDispose]();
    await expect.poll(() => rig.news.isWatched).toBe(false);
  });

  it('needs the token, and an id that may be one', async () => {
    expect((await fetch(`${rig.url}/api/v1/stream`)).status).toBe(401);
    const bad = await fetch(`${rig.url}/api/v1/stream?after=nonsense`, { headers: BEARER });
    expect(bad.status).toBe(400);
    expect(await bad.json()).toMatchObject({ code: 'bad_query' });
  });
});

describe('GET /api/v1/search', () => {
  let rig: AdminRig;
  beforeEach(async () => {
    rig = await adminRig();
  });
  afterEach(() => rig.close());

  const search = async (query: Record<string, string>): Promise<Record<string, unknown>[]> => {
    const response = await fetch(`${rig.url}/api/v1/search?${new URLSearchParams(query)}`, { headers: BEARER });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    return (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  it('tells what it finds and how far it is, newest first, and stops when enough was found', async () => {
    const ids: string[] = [];
    for (const order of [1, 2, 1])
      ids.push(await rig.store.append(newEvent({ body: Buffer.from(`{"order":{"id":${order}}}`) }), ['app']));
    const told = await search({ body: '{"id":1}' });
    expect(told.map(({ kind }) => kind)).toEqual(['event', 'progress', 'progress', 'event', 'end']);
    expect(told[0]).toMatchObject({ event: { id: ids[2], statuses: { pending: 1 } } });
    expect(told[3]).toMatchObject({ event: { id: ids[0] } });
    expect(told[4]).toEqual({ kind: 'end', scanned: 3, found: 2, complete: true });
    expect((await search({ body: '{"id":1}', limit: '1' })).at(-1)).toEqual({
      kind: 'end',
      scanned: 1,
      found: 1,
      complete: false,
    });
    expect((await search({ body: 'nothing' })).at(-1)).toEqual({ kind: 'end', scanned: 3, found: 0, complete: true });
  });

  it('needs something to look for', async () => {
    expect((await fetch(`${rig.url}/api/v1/search`, { headers: BEARER })).status).toBe(400);
  });
});
