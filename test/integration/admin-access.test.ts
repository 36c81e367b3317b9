import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/admin/endpoint.ts';
import { endpoints } from '../../src/admin/endpoints/all.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { HookbayError } from '../../src/domain/errors.ts';
import { type AdminRig, adminRig, BEARER, operators } from '../support/admin-rig.ts';

const TOKEN = 'correct-horse-battery';
let rig: AdminRig;
afterEach(() => rig.close());

const pathOf = (endpoint: Endpoint): string => endpoint.path.replaceAll(/\{\w+\}/g, 'app');
const call = (endpoint: Endpoint, headers: Record<string, string>) =>
  request(rig.url)[endpoint.method](pathOf(endpoint)).set(headers);
const guarded = endpoints.filter(({ access }) => access === 'token' || access === 'operator');
/** It has no end that could be waited for. */
const ending = guarded.filter(({ path }) => path !== '/api/v1/stream');

async function login(headers: Record<string, string> = {}): Promise<string> {
  const answer = await request(rig.url).post('/api/v1/session').set(headers).send({ token: TOKEN }).expect(204);
  const cookie = answer.get('set-cookie')?.[0] ?? '';
  expect(cookie).toMatch(/^hookbay_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  return cookie.split(';')[0] ?? '';
}

describe('tokens', () => {
  it('guard every route but health and login', async () => {
    rig = await adminRig();
    expect(guarded.length).toBeGreaterThan(25);
    for (const endpoint of guarded) {
      const attempts = [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${TOKEN}` }, { authorization: TOKEN }];
      for (const headers of [...attempts, { cookie: `hookbay_session=${TOKEN}` }]) {
        const answer = await call(endpoint, headers);
        expect([endpoint.path, answer.status, answer.body.code]).toEqual([endpoint.path, 401, 'unauthorized']);
        expect(answer.get('www-authenticate')).toBe('Bearer realm="hookbay"');
        expect(answer.type).toBe('application/problem+json');
      }
    }
    expect(rig.paused.size + rig.sent.length + rig.wakes).toBe(0);
    for (const endpoint of ending) {
      expect([endpoint.path, (await call(endpoint, BEARER)).status]).not.toEqual([endpoint.path, 401]);
    }
  });

  it('guard paths and methods that there are not', async () => {
    rig = await adminRig();
    for (const path of ['/api', '/api/v1', '/api/v1/nothing', '/api/v1/events/a/b/c', '/api/v1/%2e%2e/x']) {
      await request(rig.url).get(path).expect(401);
      await request(rig.url).get(path).set(BEARER).expect(404);
    }
    await request(rig.url).put('/api/v1/events').expect(401);
    const wrong = await request(rig.url).put('/api/v1/events').set(BEARER).expect(405);
    expect(wrong.get('allow')).toBe('GET, HEAD');
  });

  it('may be any of several, and change with a reload', async () => {
    rig = await adminRig({ tokens: ['first-token', 'second-token'] });
    const status = async (token: string) =>
      (
        await request(rig.url)
          .get('/api/v1/stats')
          .set({ authorization: `bearer ${token}` })
      ).status;
    expect([await status('first-token'), await status('second-token'), await status('third-token')]).toEqual([200, 200, 401]);
    rig.server.apply({ ...rig.settings, tokens: operators('third-token') });
    expect([await status('first-token'), await status('third-token')]).toEqual([401, 200]);
  });

  it('leave health open', async () => {
    rig = await adminRig();
    await request(rig.url).get('/healthz').set('host', 'anything.example').expect(200, { status: 'ok' });
    await request(rig.url).get('/readyz').expect(200, { status: 'ready' });
    rig.notReady.push('disk_full');
    await request(rig.url)
      .get('/readyz')
      .expect(503, { status: 'unavailable', reasons: ['disk_full'] });
  });

  it('are asked for before a body is read', async () => {
    rig = await adminRig();
    await request(rig.url).post('/api/v1/replays').set('content-type', 'application/json').send('{broken').expect(401);
  });
});

describe('roles', () => {
  const viewer = { authorization: 'Bearer viewer-token-of-ben' };
  const operator = { authorization: 'Bearer operator-token-of-ana' };
  const tokens = [
    { name: 'ben', role: 'viewer' as const, token: 'viewer-token-of-ben' },
    { name: 'ana', role: 'operator' as const, token: 'operator-token-of-ana' },
  ];
  const audit = async () => {
    const { body } = await request(rig.url).get('/api/v1/audit').set(viewer).expect(200);
    return body.data as { actor: string; action: string; subject: string | null; status: number; detail: string }[];
  };

  it('a viewer sees everything but secrets, and changes nothing', async () => {
    rig = await adminRig({ tokens });
    for (const endpoint of ending) {
      const { status, body } = await call(endpoint, viewer);
      const isRefused = endpoint.method !== 'get' || endpoint.path.endsWith('/handshake');
      expect([endpoint.method, endpoint.path, status === 403]).toEqual([endpoint.method, endpoint.path, isRefused]);
      if (isRefused) expect(body.code).toBe('operator_required');
    }
    expect(rig.paused.size + rig.sent.length + rig.wakes).toBe(0);
    await request(rig.url).get('/api/v1/session').set(viewer).expect(200, { name: 'ben', role: 'viewer' });
  });

  it('stay with a session', async () => {
    rig = await adminRig({ tokens });
    const opened = await request(rig.url).post('/api/v1/session').send({ token: 'viewer-token-of-ben' }).expect(204);
    const cookie = opened.get('set-cookie')?.[0]?.split(';')[0] ?? '';
    await request(rig.url).get('/api/v1/session').set({ cookie }).expect(200, { name: 'ben', role: 'viewer' });
    await request(rig.url).post('/api/v1/targets/app/pause').set({ cookie }).expect(403);
  });

  it('what was done is kept, with who did it, and without the token that opened a session', async () => {
    rig = await adminRig({ tokens });
    await request(rig.url).post('/api/v1/targets/app/pause').set(operator).send({ reason: 'deploy' }).expect(200);
    await request(rig.url).post('/api/v1/targets/nowhere/pause').set(operator).expect(404);
    await request(rig.url).post('/api/v1/targets/app/resume').set(viewer).expect(403);
    await request(rig.url).post('/api/v1/session').send({ token: 'operator-token-of-ana' }).expect(204);
    await request(rig.url).post('/api/v1/session').send({ token: 'nobody-knows-this-one' }).expect(401);
    expect(await audit()).toMatchObject([
      { actor: 'ana', action: 'POST /api/v1/session', subject: null, status: 204, detail: '' },
      { actor: 'ben', action: 'POST /api/v1/targets/{name}/resume', subject: 'app', status: 403 },
      { actor: 'ana', action: 'POST /api/v1/targets/{name}/pause', subject: 'nowhere', status: 404 },
      { actor: 'ana', action: 'POST /api/v1/targets/{name}/pause', subject: 'app', status: 200, detail: '{"reason":"deploy"}' },
    ]);
    expect(JSON.stringify(rig.log)).not.toMatch(/operator-token-of-ana|viewer-token-of-ben|nobody-knows/);
  });

  it('without tokens everybody on this machine is an operator', async () => {
    rig = await adminRig({ tokens: [] });
    await request(rig.url).get('/api/v1/session').expect(200, { name: 'local', role: 'operator' });
  });
});

describe('sessions', () => {
  it('stand for the token until logout', async () => {
    rig = await adminRig();
    const cookie = await login();
    await request(rig.url)
      .get('/api/v1/stats')
      .set({ cookie: `other=1; ${cookie}` })
      .expect(200);
    await request(rig.url).get('/api/v1/stats').set({ cookie, authorization: 'Bearer wrong' }).expect(401);
    const out = await request(rig.url).delete('/api/v1/session').set({ cookie }).expect(204);
    expect(out.get('set-cookie')?.[0]).toContain('hookbay_session=; Max-Age=0');
    await request(rig.url).get('/api/v1/stats').set({ cookie }).expect(401);
  });

  it('end with their token and with their time', async () => {
    let monotonic = 0;
    const clock: Clock = { ...systemClock, monotonic: () => monotonic };
    rig = await adminRig({ clock });
    const cookie = await login();
    monotonic += 12 * 3_600_000 - 1;
    await request(rig.url).get('/api/v1/stats').set({ cookie }).expect(200);
    monotonic += 1;
    await request(rig.url).get('/api/v1/stats').set({ cookie }).expect(401);
    const second = await login();
    rig.server.apply({ ...rig.settings, tokens: operators('another-token') });
    await request(rig.url).get('/api/v1/stats').set({ cookie: second }).expect(401);
  });

  it('are refused after ten tries a minute', async () => {
    let monotonic = 0;
    rig = await adminRig({ clock: { ...systemClock, monotonic: () => monotonic } });
    for (let i = 0; i < 10; i += 1)
      await request(rig.url)
        .post('/api/v1/session')
        .send({ token: `guess${i}` })
        .expect(401);
    const answer = await request(rig.url).post('/api/v1/session').send({ token: TOKEN }).expect(429);
    expect(answer.body.code).toBe('too_many_logins');
    expect(answer.get('retry-after')).toBe('60');
    monotonic += 60_000;
    await login();
  });
});

describe('other sites', () => {
  const evil = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'not a url' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];

  it.each([true, false])('change nothing (with tokens: %s)', async (withTokens) => {
    rig = await adminRig(withTokens ? {} : { tokens: [] });
    const cookie: Record<string, string> = withTokens ? { cookie: await login() } : {};
    for (const endpoint of endpoints.filter(({ method }) => method !== 'get')) {
      for (const headers of evil) {
        const answer = await call(endpoint, { ...cookie, ...headers });
        expect([endpoint.path, headers, answer.status, answer.body.code]).toEqual([endpoint.path, headers, 403, 'cross_origin']);
        expect(answer.get('access-control-allow-origin')).toBeUndefined();
      }
    }
    expect(rig.paused.size + rig.sent.length + rig.wakes).toBe(0);
    await request(rig.url)
      .post('/api/v1/targets/app/pause')
      .set({ ...cookie, origin: rig.url })
      .expect(200);
    await request(rig.url)
      .post('/api/v1/targets/app/pause')
      .set({ ...cookie, 'sec-fetch-site': 'same-origin' })
      .expect(200);
    expect(rig.paused.size).toBe(1);
  });
});

describe('without a token', () => {
  it('answers only under local names', async () => {
    rig = await adminRig({ tokens: [] });
    const { port } = new URL(rig.url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'localhost', 'LOCALHOST']) {
      await request(rig.url).get('/api/v1/stats').set({ host }).expect(200);
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'a@localhost',
      '[::2]',
    ]) {
      for (const path of ['/api/v1/stats', '/metrics', '/openapi.json', '/', '/nothing']) {
        const answer = await request(rig.url).get(path).set({ host });
        expect([host, path, answer.status, answer.body.code]).toEqual([host, path, 403, 'host_not_local']);
      }
    }
  });

  it('does not listen where others can reach it', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org', '127.0.0.1.example.org']) {
      await expect(adminRig({ tokens: [], host })).rejects.toMatchObject({ code: 'admin_token_required' });
      await expect(adminRig({ tokens: [''], host })).rejects.toMatchObject({ code: 'admin_token_required' });
    }
    rig = await adminRig({ host: '0.0.0.0' });
    expect(() => rig.server.apply({ ...rig.settings, tokens: [] })).toThrow(/admin.token/);
    await request(rig.url).get('/api/v1/stats').expect(401);
    await request(rig.url)
      .get('/api/v1/stats')
      .set({ ...BEARER, host: 'hookbay.internal' })
      .expect(200);
  });
});

describe('every answer', () => {
  it('carries the headers that keep browsers safe', async () => {
    rig = await adminRig();
    for (const path of ['/healthz', '/api/v1/stats', '/nothing', '/api/v1/%ff']) {
      const answer = await request(rig.url).get(path).set(BEARER);
      expect(answer.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(answer.get('x-content-type-options')).toBe('nosniff');
      expect(answer.get('x-powered-by')).toBeUndefined();
      expect(answer.get('cache-control')).toBe('no-store');
    }
  });

  it('says nothing about an error inside, and logs it', async () => {
    const history = { targetCounts: () => Promise.reject(new Error('SELECT secret-detail')) };
    rig = await adminRig();
    await rig.close();
    rig = await adminRig({ ports: { history: { ...rig.store.history, ...history } } });
    const answer = await request(rig.url).get('/api/v1/stats').set(BEARER).expect(500);
    expect(answer.text).not.toContain('secret-detail');
    expect(rig.log).toContainEqual(expect.objectContaining({ level: 'error', message: 'admin request failed' }));
  });

  it('passes on what a busy store says', async () => {
    const busy = new HookbayError({ code: 'storage_busy', status: 503, message: 'Try again.' });
    rig = await adminRig();
    await rig.close();
    rig = await adminRig({ ports: { history: { ...rig.store.history, targetCounts: () => Promise.reject(busy) } } });
    const answer = await request(rig.url).get('/api/v1/stats').set(BEARER).expect(503);
    expect(answer.body).toMatchObject({ code: 'storage_busy', detail: 'Try again.' });
    expect(answer.get('retry-after')).toBe('1');
  });

  it('logs refusals without the query and the credentials', async () => {
    rig = await adminRig();
    await request(rig.url).get('/api/v1/stats?token=hush-hush').set({ authorization: 'Bearer hush-hush' }).expect(401);
    expect(rig.log).toEqual([
      {
        level: 'warn',
        message: 'admin request refused',
        record: expect.objectContaining({ path: '/api/v1/stats', status: 401 }),
      },
    ]);
    expect(JSON.stringify(rig.log)).not.toContain('hush');
  });
});
