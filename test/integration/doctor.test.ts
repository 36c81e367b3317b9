import { rmSync, writeFileSync } from 'node:fs';
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
});
