import { createReadStream, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Exports } from '../../src/admin/ports.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { type AdminRig, adminRig, BEARER } from '../support/admin-rig.ts';
import { newFolder } from '../support/relay-process.ts';
import { newEvent } from '../support/store.ts';
import { waitFor } from '../support/wait.ts';

let rig: AdminRig;
beforeEach(async () => {
  // The day of the store in memory: a key of another day is forgotten.
  rig = await adminRig({ clock: { ...systemClock, now: () => Date.UTC(2026, 2, 20, 16) } });
});
afterEach(() => rig.close());

const get = (path: string) => request(rig.url).get(path).set(BEARER);
const post = (path: string, body: object, key?: string) =>
  request(rig.url)
    .post(path)
    .set({ ...BEARER, ...(key === undefined ? {} : { 'Idempotency-Key': key }) })
    .send(body);
const tasks = async (): Promise<unknown[]> => (await get('/api/v1/tasks')).body.data;

const ALL = { filter: { all: true } };

describe('an Idempotency-Key', () => {
  it.each(['/api/v1/replays', '/api/v1/exports'])('makes one task of two requests to %s', async (path) => {
    const first = await post(path, ALL, 'k').expect(202);
    expect(first.get('idempotency-replayed')).toBeUndefined();
    const second = await post(path, { filter: { all: true } }, 'k').expect(202);
    expect(second.body).toEqual(first.body);
    expect(second.get('location')).toBe(first.get('location'));
    expect(second.get('idempotency-replayed')).toBe('true');
    expect(await tasks()).toHaveLength(1);
    expect(rig.wakes).toBe(1);
    const other = await post(path, { filter: { status: 'dead' } }, 'k').expect(422);
    expect(other.body.code).toBe('idempotency_mismatch');
    expect((await post(path, ALL, 'l').expect(202)).body.taskId).not.toBe(first.body.taskId);
    expect((await post(path, ALL).expect(202)).body.taskId).not.toBe(first.body.taskId);
    expect(await tasks()).toHaveLength(3);
  });

  it('belongs to its path', async () => {
    const replay = await post('/api/v1/replays', ALL, 'k').expect(202);
    const exported = await post('/api/v1/exports', ALL, 'k').expect(202);
    expect(exported.body.taskId).not.toBe(replay.body.taskId);
    const events = [await rig.store.append(newEvent(), ['app']), await rig.store.append(newEvent(), ['app'])];
    const replays = events.map((id) => `/api/v1/events/${id}/replay`);
    const first = await post(replays[0] ?? '', {}, 'k').expect(202);
    expect((await post(replays[0] ?? '', {}, 'k').expect(202)).body).toEqual(first.body);
    const other = await post(replays[1] ?? '', {}, 'k').expect(202);
    expect(other.body.deliveries[0].eventId).toBe(events[1]);
    expect((await get(`/api/v1/events/${events[0]}`)).body.deliveries).toHaveLength(2);
  });

  it('answers the same, whatever the configuration has become', async () => {
    const body = { ...ALL, targets: ['audit'] };
    const first = await post('/api/v1/replays', body, 'k').expect(202);
    rig.server.apply({ ...rig.settings, attempts: new Map([['app', 24]]) });
    await post('/api/v1/replays', body).expect(400);
    expect((await post('/api/v1/replays', body, 'k').expect(202)).body).toEqual(first.body);
  });

  it('is not used up by a request that was refused, nor by a dry run', async () => {
    await post('/api/v1/replays', { ...ALL, targets: ['nobody'] }, 'k').expect(400);
    await post('/api/v1/replays', { ...ALL, dryRun: true }, 'k').expect(200);
    await post('/api/v1/replays', ALL, 'k').expect(202);
  });

  it('answers 409 while the first request is worked on', async () => {
    const gate = Promise.withResolvers<void>();
    const { startExport } = rig.store.operations;
    let begun = false;
    rig.store.operations.startExport = async (...args) => {
      begun = true;
      await gate.promise;
      return startExport(...args);
    };
    const first = post('/api/v1/exports', ALL, 'k').then((answer) => answer);
    await waitFor('the first', () => begun);
    expect((await post('/api/v1/exports', ALL, 'k').expect(409)).body.code).toBe('idempotency_running');
    gate.resolve();
    const { body } = await first;
    expect((await post('/api/v1/exports', ALL, 'k').expect(202)).body).toEqual(body);
    expect(await tasks()).toHaveLength(1);
  });

  it.each(['', 'x'.repeat(257)])('of the wrong length is refused', async (key) => {
    expect((await post('/api/v1/exports', ALL, key).expect(400)).body.code).toBe('bad_idempotency_key');
    expect(await tasks()).toEqual([]);
  });

  it('may have 256 characters', async () => {
    await post('/api/v1/exports', ALL, 'x'.repeat(256)).expect(202);
  });
});

describe('a callbackUrl', () => {
  const body = (callbackUrl: string) => ({ ...ALL, callbackUrl });
  const configure = (allow: string[]) =>
    rig.server.apply({ ...rig.settings, callbacks: { secrets: ['a-secret-of-24-characters'], allow } });

  it('is refused as long as nothing could be signed', async () => {
    for (const path of ['/api/v1/replays', '/api/v1/exports']) {
      const refused = await post(path, body('https://app.example.com/')).expect(422);
      expect(refused.body).toMatchObject({ code: 'callback_not_configured', detail: expect.stringContaining('callbackSecret') });
    }
    expect(await tasks()).toEqual([]);
  });

  it('is shown by its host, for its path may be a secret', async () => {
    configure([]);
    const { body: started } = await post('/api/v1/replays', body('https://app.example.com/hooks/s3cret?k=s3cret')).expect(202);
    const task = await get(`/api/v1/tasks/${started.taskId}`).expect(200);
    expect(task.body.callback).toEqual({ url: 'https://app.example.com/[hidden]', state: 'waiting' });
    expect(task.text).not.toContain('s3cret');
    const audit = await get('/api/v1/audit').expect(200);
    expect(audit.text).toContain('https://app.example.com/[hidden]');
    expect(audit.text).not.toContain('s3cret');
    expect(await rig.store.history.task(started.taskId)).toMatchObject({
      value: { callback: { url: 'https://app.example.com/hooks/s3cret?k=s3cret' } },
    });
  });

  it.each([
    ...['http://127.0.0.1/', 'http://0x7f.1/', 'http://[::1]/', 'http://[64:ff9b::a00:1]/', 'http://169.254.169.254/latest'],
    ...['https://user:pass@app.example.com/', 'ftp://app.example.com/'],
  ])('%s is refused', async (url) => {
    configure([]);
    expect((await post('/api/v1/exports', body(url)).expect(422)).body.code).toBe('callback_refused');
    expect(await tasks()).toEqual([]);
  });

  it('may lead where the configuration allows', async () => {
    configure(['10.0.0.0/8']);
    await post('/api/v1/exports', body('http://10.1.2.3/')).expect(202);
    await post('/api/v1/exports', body('http://192.168.0.1/')).expect(422);
  });

  it.each(['app', '/x', 7])('%j is no URL', async (url) => {
    await post('/api/v1/exports', { ...ALL, callbackUrl: url }).expect(400);
  });
});

describe('a download', () => {
  it('is there when the export is completed, and not for a replay', async () => {
    const { body: replay } = await post('/api/v1/replays', ALL).expect(202);
    expect((await get(`/api/v1/tasks/${replay.taskId}/download`).expect(404)).body.code).toBe('no_result');
    const { body: started } = await post('/api/v1/exports', ALL).expect(202);
    const path = `/api/v1/tasks/${started.taskId}`;
    expect((await get(`${path}/download`).expect(409)).body.code).toBe('export_not_completed');
    expect((await get(path)).body).toMatchObject({ kind: 'export', resultUrl: null, resultExpiresAt: null });
    rig.store.completeExport(started.taskId, 5);
    const answer = await get(`${path}/download`).expect(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-disposition': `attachment; filename="${started.taskId}.ndjson"`,
      'content-length': '5',
      'x-content-type-options': 'nosniff',
    });
    expect((await get(path)).body).toMatchObject({ resultUrl: `${path}/download`, resultExpiresAt: expect.any(String) });
    const zipped = await get(`${path}/download?gzip=true`)
      .buffer()
      .parse((response, done) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done(null, Buffer.concat(chunks)));
      });
    expect(zipped.get('content-type')).toBe('application/gzip');
    expect(gunzipSync(zipped.body).toString()).toBe('\n'.repeat(5));
    const head = await request(rig.url).head(`${path}/download`).set(BEARER).expect(200);
    expect(head.get('content-length')).toBe('5');
  });

  it('is gone with the file', async () => {
    const { body } = await post('/api/v1/exports', ALL).expect(202);
    rig.store.completeExport(body.taskId, 0);
    expect((await get(`/api/v1/tasks/${body.taskId}/download`).expect(410)).body.code).toBe('export_gone');
  });

  it('is read no faster than it is taken, and ends when the client leaves', async () => {
    await rig.close();
    const file = join(newFolder(), 'large');
    writeFileSync(file, Buffer.alloc(64 * 1024 * 1024, '\n'));
    const stream = createReadStream(file);
    const exports: Exports = {
      open: async () => ({ kind: 'found', bytes: statSync(file).size, stream: () => stream }),
      keptUntil: () => null,
    };
    rig = await adminRig({ ports: { exports } });
    const { body } = await post('/api/v1/exports', ALL).expect(202);
    rig.store.completeExport(body.taskId, 1);
    const client = connect(Number(new URL(rig.url).port), '127.0.0.1');
    client.pause();
    client.write(
      `GET /api/v1/tasks/${body.taskId}/download HTTP/1.1\r\nhost: x\r\nauthorization: ${BEARER.authorization}\r\n\r\n`,
    );
    let before = -1;
    // The buffers of both sockets are full when nothing more is read.
    await waitFor(
      'it to stand still',
      () => {
        const still = stream.bytesRead > 0 && stream.bytesRead === before;
        before = stream.bytesRead;
        return still;
      },
      { everyMs: 100 },
    );
    expect(stream.bytesRead).toBeLessThan(32 * 1024 * 1024);
    client.destroy();
    await waitFor('the end of the file', () => stream.destroyed);
    expect(rig.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
