import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminRig, adminRig } from '../support/admin-rig.ts';

describe('the dashboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-page-'));
  let rig: AdminRig;

  beforeAll(async () => {
    mkdirSync(join(folder, 'page/assets'), { recursive: true });
    writeFileSync(join(folder, 'page/index.html'), '<!doctype html><title>Hookbay</title>');
    writeFileSync(join(folder, 'page/assets/index-abc.js'), 'export {};');
    writeFileSync(join(folder, 'page/.hidden'), 'hidden');
    writeFileSync(join(folder, 'outside.txt'), 'outside');
    rig = await adminRig({ page: join(folder, 'page') });
  });
  afterAll(async () => {
    await rig.close();
    rmSync(folder, { recursive: true });
  });

  it('is served without a token, and runs only its own files', async () => {
    const answer = await request(rig.url).get('/').expect(200);
    expect(answer.text).toContain('<title>Hookbay</title>');
    const policy = answer.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain('unsafe');
    expect(answer.get('x-content-type-options')).toBe('nosniff');
    expect(answer.get('cache-control')).toBe('no-cache');
    const script = await request(rig.url).get('/assets/index-abc.js').expect(200);
    expect(script.type).toBe('text/javascript');
    expect(script.get('cache-control')).toContain('immutable');
  });

  it('gives nothing outside its folder and nothing hidden', async () => {
    for (const path of [
      '/../outside.txt',
      '/%2e%2e/outside.txt',
      '/..%2foutside.txt',
      '/assets/..%2f..%2foutside.txt',
      '/.hidden',
      '/assets',
      '/nothing',
    ]) {
      const answer = await request(rig.url).get(path);
      expect([path, answer.status >= 400 && answer.status < 500]).toEqual([path, true]);
      expect(answer.text).not.toContain('outside\n');
      expect(answer.type).toBe('application/problem+json');
    }
  });

  it('does not hide the API', async () => {
    await request(rig.url).get('/api/v1/events').expect(401);
    await request(rig.url).get('/metrics').expect(401);
  });
});
