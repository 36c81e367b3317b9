import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { newFolder, RelayProcess, relayConfig } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

interface Told {
  ok: boolean;
  findings: { state: string; subject: string; finding: string; advice: string | null }[];
}

let target: Receiver;
let folder: string;
beforeEach(async () => {
  target = await startReceiver();
  folder = newFolder();
});
afterEach(async () => {
  await target.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (config: Record<string, unknown>): string => {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(config));
  return file;
};
const doctor = async (...argv: string[]): Promise<Told & { exitCode: number }> => {
  const { stdout, exitCode } = await hookbay(['doctor', ...argv, '--json']);
  return { ...(JSON.parse(stdout) as Told), exitCode };
};
const about = ({ findings }: Told, subject: string) => findings.filter((each) => each.subject === subject);

/** A relay that says this. */
async function withApi<Result>(answers: Record<string, object>, ask: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://relay').pathname.replace('/api/v1', '');
    response.end(JSON.stringify(answers[path]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

describe('hookbay doctor', () => {
  it('finds nothing to be done where all is well, and a relay that does not run is only a note', async () => {
    const told = await doctor('--config', write({ ...relayConfig({ target: target.url }), admin: { listen: '127.0.0.1:1' } }));
    expect(told).toMatchObject({ ok: true, exitCode: 0 });
    expect(about(told, 'target app')).toMatchObject([{ state: 'good' }]);
    expect(about(told, 'storage')).toMatchObject([{ state: 'good' }]);
    expect(about(told, 'relay')).toMatchObject([{ state: 'note' }]);
    expect(target.received).toEqual([]);
  });

  it('says what is wrong with a configuration', async () => {
    const told = await doctor('--config', write({ ...relayConfig({ target: target.url }), nonsense: 1 }));
    expect(told).toMatchObject({ ok: false, exitCode: 1 });
    expect(about(told, 'configuration')[0]?.finding).toContain('nonsense');
  });

  it('says where to be run when only variables are missing', async () => {
    const told = await doctor('--config', write({ ...relayConfig({ target: target.url }), publicUrl: '${NOBODY_HAS_SET_IT}' }));
    expect(about(told, 'configuration')).toMatchObject([{ advice: expect.stringContaining('where the variables are set') }]);
  });

  it('tells targets that are not there, and a disk without room', async () => {
    const storage = { url: 'sqlite:./data/hookbay.db', minFree: '1000GiB' };
    const targets = { app: { url: 'http://127.0.0.1:1/' }, other: { url: 'http://no-such-host.invalid/' } };
    const config = { ...relayConfig({ target: target.url }), targets, storage, admin: { listen: '127.0.0.1:1' } };
    const told = await doctor('--config', write(config));
    expect(about(told, 'target app')).toMatchObject([{ state: 'bad', finding: expect.stringContaining('ECONNREFUSED') }]);
    expect(about(told, 'target other')).toMatchObject([{ state: 'bad', finding: expect.stringContaining('resolved') }]);
    expect(about(told, 'storage')).toMatchObject([{ state: 'bad', finding: expect.stringContaining('storage.minFree') }]);
  });

  it('looks at the relay that runs: dead letters, refusals, pauses', async () => {
    target.behave({ kind: 'answer', status: 500 });
    const relay = await RelayProcess.start({ target: target.url, targetOptions: { retry: { attempts: 1 } } });
    try {
      await postEvent(relay.hookUrl, { key: 'one' });
      await fetch(relay.hookUrl, { method: 'POST', body: '{}', headers: { 'x-knowledgesdk-webhook-token': 'wrong' } });
      const told = await waitFor('what happened', async () => {
        const now = await doctor('--url', relay.adminUrl);
        return about(now, 'target app').length > 1 && about(now, 'route knowledgesdk').length > 0 && now;
      });
      expect(told).toMatchObject({ ok: false, exitCode: 1 });
      expect(
        about(told, 'target app')
          .map(({ finding }) => finding)
          .join(),
      ).toContain('1 dead letter.');
      expect(about(told, 'route knowledgesdk')).toMatchObject([
        { state: 'note', finding: expect.stringContaining('verification_failed') },
      ]);
      expect(about(told, 'clock')).toMatchObject([{ state: 'good' }]);

      await relay.admin.post('/api/v1/targets/app/pause');
      const paused = about(await doctor('--url', relay.adminUrl), 'target app');
      expect(paused).toMatchObject([
        { finding: 'It is paused, and 0 deliveries wait.', advice: '`hookbay targets app --resume` lets them go.' },
        { finding: 'It has 1 dead letter.' },
      ]);
      expect(await hookbay(['targets', 'app', '--resume', '--url', relay.adminUrl])).toMatchObject({ exitCode: 0 });
    } finally {
      await relay.remove();
    }
  });

  it('tells of what is held for a target that is gone', async () => {
    target.behave({ kind: 'answer', status: 500 });
    const relay = await RelayProcess.start({ target: target.url });
    try {
      await postEvent(relay.hookUrl, { key: 'one' });
      await waitFor('a failure', () => target.received.length > 0);
      const renamed = relayConfig({ target: target.url });
      const routes = Object.entries(renamed.routes as Record<string, object>);
      const config = {
        ...renamed,
        targets: { appp: { url: target.url } },
        routes: Object.fromEntries(routes.map(([name, route]) => [name, { ...route, deliver: 'appp' }])),
      };
      writeFileSync(join(relay.folder, 'config.yaml'), JSON.stringify(config));
      const reloaded = await hookbay(['reload', '--url', relay.adminUrl]);
      expect(reloaded).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^1 delivery is held: the target app /) });
      const held = '/api/v1/deliveries?target=app&status=held';
      await waitFor('the held delivery', async () => ((await relay.admin.get(held)) as { data: unknown[] }).data.length === 1);
      const told = await doctor('--url', relay.adminUrl);
      expect(told).toMatchObject({ ok: false, exitCode: 1 });
      expect(about(told, 'target app')).toMatchObject([
        { state: 'bad', finding: expect.stringMatching(/not configured any more, and has 1 held delivery\.$/) },
      ]);
      const { stdout } = await hookbay(['deliveries', '--target', 'app', '--status', 'held', '--url', relay.adminUrl]);
      expect(stdout).toMatch(/ target_removed \(The target answered 500/);
    } finally {
      await relay.remove();
    }
  });

  it.each(['open', 'half_open'])('a breaker that is %s is no trouble while nothing waits', async (state) => {
    const found = (pending: number) =>
      withApi(
        {
          '/stats': { at: new Date().toISOString(), targets: [] },
          '/targets': { data: [{ name: 'app', state, reason: '10 failures in a row', counts: { pending }, oldestDueAt: null }] },
          '/rejections': { data: [] },
        },
        (url) => doctor('--url', url),
      );
    const idle = await found(0);
    expect(idle).toMatchObject({ ok: true, exitCode: 0 });
    expect(about(idle, 'target app')).toMatchObject([{ state: 'note', finding: expect.stringContaining('will be the probe') }]);
    expect(await found(1)).toMatchObject({ ok: false, exitCode: 1 });
  });
});
