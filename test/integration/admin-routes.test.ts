import request from 'supertest';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AdminRig, adminRig, BEARER } from '../support/admin-rig.ts';
import { createManualClock } from '../support/manual-clock.ts';

const MINUTE = 60_000;
const TOKEN = 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl';

let rig: AdminRig;
let clock: ReturnType<typeof createManualClock>;
beforeEach(async () => {
  clock = createManualClock();
  rig = await adminRig({ clock });
});
afterEach(() => rig.close());

const call = (method: 'get' | 'post' | 'delete', path: string, body?: object) =>
  request(rig.url)[method](`/api/v1/routes${path}`).set(BEARER).send(body);
const at = (ms: number) => new Date(clock.now() + ms).toISOString();

test('routes are listed with where they are, and with the handshake of those that learn', async () => {
  const { body } = await call('get', '').expect(200);
  expect(body).toMatchObject({
    data: [
      { name: 'knowledgesdk', url: null, handshake: null },
      {
        name: 'notion',
        url: 'https://hooks.example.com/webhooks/notion',
        handshake: { armedUntil: null, learnedAt: null, hasSecret: false },
      },
    ],
  });
});

test('arming opens a window of ten minutes; again makes it longer; 0 or DELETE end it', async () => {
  const armed = await call('post', '/notion/arm').expect(200);
  expect(armed.body).toEqual({ armedUntil: at(10 * MINUTE), learnedAt: null, hasSecret: false });
  await call('post', '/notion/arm', { minutes: 60 }).expect(200);
  const shorter = await call('post', '/notion/arm', { minutes: 1 }).expect(200);
  expect(shorter.body.armedUntil).toBe(at(60 * MINUTE));
  expect((await call('get', '').expect(200)).body.data[1].handshake.armedUntil).toBe(at(60 * MINUTE));
  expect((await call('post', '/notion/arm', { minutes: 0 }).expect(200)).body.armedUntil).toBeNull();
  await call('post', '/notion/arm').expect(200);
  await call('delete', '/notion/arm').expect(204);
  expect((await call('get', '/notion/handshake').expect(200)).body.armedUntil).toBeNull();
});

test('the token that came is shown where it is asked for, and nowhere else; after an hour not at all', async () => {
  await call('post', '/notion/arm').expect(200);
  expect(await rig.learning.learn('notion', TOKEN)).toBe('learned');
  const shown = await call('get', '/notion/handshake').expect(200);
  expect(shown.body).toEqual({ armedUntil: null, learnedAt: at(0), hasSecret: true, verificationToken: TOKEN });
  expect(shown.headers['cache-control']).toBe('no-store');
  for (const path of ['', '/notion/handshake']) await request(rig.url).get(`/api/v1/routes${path}`).expect(401);
  expect(JSON.stringify((await call('get', '').expect(200)).body)).not.toContain(TOKEN);
  await clock.advance(60 * MINUTE);
  const later = await call('get', '/notion/handshake').expect(200);
  expect(later.body).toMatchObject({ hasSecret: true, verificationToken: null });
  expect(JSON.stringify(rig.log)).not.toContain(TOKEN);
});

test('what was learned can be forgotten', async () => {
  await call('post', '/notion/arm').expect(200);
  await rig.learning.learn('notion', TOKEN);
  await call('delete', '/notion/handshake').expect(204);
  expect((await call('get', '/notion/handshake').expect(200)).body).toMatchObject({ hasSecret: false, verificationToken: null });
  expect(rig.secrets.learned).toEqual([]);
});

test('a provider that hands nothing over cannot be armed', async () => {
  for (const [method, path] of [
    ['post', '/knowledgesdk/arm'],
    ['delete', '/knowledgesdk/arm'],
    ['get', '/knowledgesdk/handshake'],
    ['delete', '/knowledgesdk/handshake'],
  ] as const) {
    expect((await call(method, path).expect(409)).body).toMatchObject({ code: 'nothing_to_learn', hint: expect.any(String) });
    expect((await call(method, path.replace('knowledgesdk', 'nobody')).expect(404)).body.code).toBe('unknown_route');
  }
});

test.each([{ minutes: 61 }, { minutes: -1 }, { minutes: '10' }, { hours: 1 }])('%j arms nothing', async (body) => {
  await call('post', '/notion/arm', body).expect(400);
  expect(rig.learning.view('notion').armedUntil).toBeNull();
});
