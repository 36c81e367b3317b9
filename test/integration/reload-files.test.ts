import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';

let target: Receiver;
let relay: RelayProcess;
let file: string;

beforeEach(async () => {
  target = await startReceiver();
  relay = await RelayProcess.start({ target: target.url });
  file = join(relay.folder, 'config.yaml');
});
afterEach(async () => {
  await relay.remove();
  await target.close();
});

const refused = { status: 422, body: { code: 'configuration_faults' } };

test.each([
  ['a pipe that nobody writes into', () => execFileSync('mkfifo', [file])],
  ['a device without an end', () => symlinkSync('/dev/zero', file)],
  ['a file of a size that no configuration has', () => writeFileSync(file, Buffer.alloc(17 * 1024 * 1024, ' '))],
])('a reload refuses %s in place of the configuration, and requests are served on', async (_, put) => {
  rmSync(file);
  put();
  expect(await relay.admin.call('POST', '/api/v1/reload')).toMatchObject(refused);
  expect(isAcknowledged(await postEvent(relay.hookUrl, { key: 'after' }))).toBe(true);
});

test('a reload refuses a pipe in place of the file of a secret', async () => {
  const text = readFileSync(file, 'utf8');
  execFileSync('mkfifo', [join(relay.folder, 'secret')]);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text), admin: { listen: '127.0.0.1:0', token: '${' + 'file:./secret}' } }));
  expect(await relay.admin.call('POST', '/api/v1/reload')).toMatchObject(refused);
  expect(isAcknowledged(await postEvent(relay.hookUrl, { key: 'after' }))).toBe(true);
});
