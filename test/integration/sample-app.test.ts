import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createSigner } from '../../src/deliver/signing.ts';
import { ChildProgram } from '../support/child-program.ts';
import { waitFor } from '../support/wait.ts';

const app = join(import.meta.dirname, '../../examples/sample-app/app.mjs');
const BASE64 = `whsec_${Buffer.from('a key of twenty-four byte').toString('base64')}`;
const TEXT = 'a plain text of more than 24 characters';

let program: ChildProgram | undefined;
afterEach(() => program?.kill());

it.each([BASE64, TEXT])('the sample app takes what is signed with %s, and nothing else', async (secret) => {
  program = new ChildProgram([process.execPath, app], { env: { ...process.env, PORT: '0', HOOKBAY_SIGNING_SECRET: secret } });
  const { lines } = program;
  const port = await waitFor('the port', () => /listening on (\d+)/.exec(lines.join('\n'))?.[1] ?? false);
  const body = Buffer.from('{"event":"PAGE_SCRAPED"}');
  const timestamp = Math.floor(Date.now() / 1000);
  const post = async (signedWith: string): Promise<number> => {
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': createSigner([signedWith])?.('evt_1', timestamp, body) ?? '',
    };
    return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;
  };
  expect(await post(secret)).toBe(200);
  expect(await post(`${TEXT}, another one`)).toBe(401);
});
