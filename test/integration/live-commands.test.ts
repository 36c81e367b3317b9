import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChildProgram } from '../support/child-program.ts';
import { ENTRY } from '../support/entry.ts';
import { bodyOfKey, isAcknowledged, postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

let target: Receiver;
let app: Receiver;
let relay: RelayProcess;
let home: string;
const commands: ChildProgram[] = [];

const hookbay = (...argv: string[]): ChildProgram => {
  const env = { ...process.env, XDG_STATE_HOME: home, HOOKBAY_ADMIN_URL: relay.adminUrl };
  const command = new ChildProgram([process.execPath, ENTRY, ...argv], { env });
  commands.push(command);
  return command;
};
const says = (command: ChildProgram, text: RegExp) =>
  waitFor(`${text} from the command`, async () => command.lines.some((line) => text.test(line)));
const post = async (key: string): Promise<void> => {
  expect(isAcknowledged(await postEvent(relay.hookUrl, { key }))).toBe(true);
};
/** Keys in the order in which the app got them. */
const forwarded = (): string[] => app.received.map(({ headers }) => String(headers['x-knowledgesdk-dedup-key']));

beforeEach(async () => {
  target = await startReceiver();
  app = await startReceiver();
  home = mkdtempSync(join(tmpdir(), 'hookbay-state-'));
  relay = await RelayProcess.start({ target: target.url });
});
afterEach(async () => {
  for (const command of commands.splice(0)) await command.kill();
  await relay.remove();
  await target.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

describe('hookbay tail', () => {
  it('shows events and what becomes of them, and ends with a signal as a success', async () => {
    await post('before');
    const tail = hookbay('tail', '--since', '1h', '--json');
    await says(tail, /"dedupKey":"before"/);
    await post('after');
    await says(tail, /"kind":"event".*"dedupKey":"after"/);
    await says(tail, /"kind":"delivery".*"status":"delivered"/);
    tail.signal('SIGINT');
    expect(await tail.exited).toEqual({ code: 0, signal: null });
  });

  it('waits for a relay that is restarted, and leaves nothing out', async () => {
    const tail = hookbay('tail', '--since', '1h');
    await post('one');
    await says(tail, / knowledgesdk .*evt_/);
    const config = { listen: new URL(relay.publicUrl).host, admin: { listen: new URL(relay.adminUrl).host } };
    await relay.kill();
    await says(tail, /connection lost: .*\. Trying again …$/);
    relay = await relay.startAgain({ config });
    await post('two');
    await waitFor('both events', async () => new Set(tail.lines.join('\n').match(/evt_\w+/g)).size === 2);
  });
});

describe('hookbay forward', () => {
  it('gives the app what a target gets: bytes, headers, and a name for each event', async () => {
    const command = hookbay('forward', '--to', `${app.url}/hooks`);
    await says(command, /Forwarding from/);
    await post('one');
    await waitFor('the event', async () => app.received.length === 1);
    const [got] = app.received;
    expect(got?.body.equals(bodyOfKey('one'))).toBe(true);
    expect(got?.url).toBe('/hooks');
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'hookbay-route': 'knowledgesdk',
      'hookbay-attempt': '1',
    });
    await says(command, /evt_\w+ +200 /);
  });

  it('goes on where it was killed: nothing is lost, at most the one in flight comes twice', async () => {
    const first = hookbay('forward', '--to', app.url);
    await says(first, /Forwarding from/);
    const keys = Array.from({ length: 60 }, (_, i) => `key-${String(i).padStart(2, '0')}`);
    const posting = (async () => {
      for (const key of keys) await post(key);
    })();
    await waitFor('some events', async () => app.received.length >= 10);
    await first.kill();
    const gotByThen = app.received.length;
    await posting;
    expect(gotByThen).toBeLessThan(keys.length);
    const second = hookbay('forward', '--to', app.url);
    await says(second, /going on where it stopped/);
    await waitFor('all events', async () => new Set(forwarded()).size === keys.length);
    expect([...new Set(forwarded())]).toEqual(keys); // in the order in which they were stored
    expect(forwarded().length).toBeLessThanOrEqual(keys.length + 1);
  });

  it('waits for an app that does not run', async () => {
    const { port } = new URL(app.url);
    await app.close();
    const command = hookbay('forward', '--to', app.url);
    await says(command, /Forwarding from/);
    await post('one');
    await says(command, /nothing listens at/);
    app = await startReceiver(undefined, Number(port));
    await waitFor('the event', async () => app.received.length === 1);
  });

  it('sends one event once more', async () => {
    await post('one');
    const { data } = (await relay.admin.get('/api/v1/events')) as { data: { id: string }[] };
    const command = hookbay('forward', '--to', app.url, '--event', data[0]?.id ?? '', '--json');
    expect(await command.exited).toEqual({ code: 0, signal: null });
    expect(command.records()).toMatchObject([{ eventId: data[0]?.id, statusCode: 200, error: null }]);
    expect(app.received[0]?.body.equals(bodyOfKey('one'))).toBe(true);
  });

  it('says what is wrong with its use', async () => {
    const command = hookbay('forward', '--to', 'nonsense');
    expect(await command.exited).toEqual({ code: 2, signal: null });
    expect(command.lines.join('\n')).toContain('--to is not a URL');
  });
});
