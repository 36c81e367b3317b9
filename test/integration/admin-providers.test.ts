import request from 'supertest';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { provider } from '../../src/admin/provider-shape.ts';
import { PROVIDER_NAMES } from '../../src/providers/presets.ts';
import { type AdminRig, adminRig, BEARER } from '../support/admin-rig.ts';

let rig: AdminRig;
beforeEach(async () => {
  rig = await adminRig();
});
afterEach(() => rig.close());

const ask = (name: string) => request(rig.url).get(`/api/v1/providers/${name}`).set(BEARER);

test('every provider is described in its documented shape', async () => {
  for (const name of PROVIDER_NAMES) {
    const { body } = await ask(name).expect(200);
    expect(provider.parse(body)).toMatchObject({
      name,
      verify: expect.arrayContaining([expect.stringContaining(`provider: ${name}`)]),
    });
  }
});

test('a name that is none is told so, and nobody without a token is told anything', async () => {
  expect((await ask('toString').expect(404)).body.code).toBe('unknown_provider');
  expect((await ask('custom').expect(404)).body.code).toBe('unknown_provider');
  await request(rig.url).get('/api/v1/providers/stripe').expect(401);
});
