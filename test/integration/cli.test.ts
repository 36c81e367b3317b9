import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { ENTRY } from '../support/entry.ts';
import { TOKEN } from '../support/knowledgesdk-event.ts';
import { startReceiver } from '../support/receiver.ts';
import { launch, newFolder, RelayProcess, relayConfig } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

/** Nothing listens there: every attempt is refused at once. */
const NOBODY = 'http://127.0.0.1:1/hooks';

interface Listed {
  data: { id: string; status: string; type: string; eventId: string; state: string }[];
}

describe('the commands against a running relay', () => {
  let relay: RelayProcess;
  const ask = (...argv: string[]) => hookbay([...argv, '--url', relay.adminUrl]);
  const json = async (...argv: string[]): Promise<Listed> => JSON.parse((await ask(...argv, '--json')).stdout) as Listed;

  beforeAll(async () => {
    relay = await RelayProcess.start({ target: NOBODY, targetOptions: { retry: { attempts: 1 } } });
  });
  afterAll(() => relay.remove());

  it('sends, finds, understands and replays a dead letter', async () => {
    const sent = await ask('send', '--route', 'knowledgesdk', '--event', 'PAGE_SCRAPED');
    expect(sent).toMatchObject({ exitCode: 0 });
    const eventId = /evt_\w+/.exec(sent.stdout)?.[0] ?? '';
    const dead = await waitFor('a dead letter', async () => (await json('deliveries', '--status', 'dead')).data[0] ?? false);
    expect(dead.eventId).toBe(eventId);

    const listed = await ask('events', '--status', 'dead', '--type', 'PAGE_SCRAPED');
    expect(listed.stdout).toMatch(new RegExp(`${eventId} .*1 dead`));
    expect((await ask('events', '--type', 'PAGE_UPDATED')).stderr).toContain('No events match');
    expect((await ask('events', eventId)).stdout).toMatch(/sha256 [0-9a-f]{64}/);
    expect(JSON.parse((await ask('events', eventId, '--body')).stdout)).toMatchObject({ event: 'PAGE_SCRAPED' });
    expect((await ask('deliveries', dead.id)).stdout).toMatch(/initial .*ECONNREFUSED|initial .*refused/i);

    const preview = await ask('replay', '--status', 'dead', '--target', 'app', '--dry-run');
    expect(preview.stdout).toContain('1 delivery would be replayed');
    const replayed = await ask('replay', '--status', 'dead', '--target', 'app');
    expect(replayed).toMatchObject({ exitCode: 0 });
    expect(replayed.stdout).toMatch(/^Replayed 1 of 1 matched/);
    await waitFor('the second attempt', async () => /\n +2 +manual /.test((await ask('deliveries', dead.id)).stdout));

    expect((await ask('replay', eventId)).stdout).toContain('app');
    await waitFor(
      'two dead letters',
      async () => (await json('deliveries', '--event', eventId, '--status', 'dead')).data.length === 2,
    );
    const discarded = (await ask('deliveries', dead.id, '--discard')).stdout;
    expect(discarded).toContain('cancelled');
    expect(discarded).toMatch(/\n +1 +initial [\s\S]*\n +2 +manual /); // the whole history
    expect(await ask('deliveries', dead.id, '--discard')).toMatchObject({ exitCode: 1 });
  });

  it('shows, pauses and resumes a target', async () => {
    expect((await ask('targets', 'app', '--pause', '--reason', 'database migration')).stdout).toContain('database migration');
    expect((await json('targets')).data[0]?.state).toBe('paused');
    const eventId = /evt_\w+/.exec((await ask('send', '--route', 'knowledgesdk')).stdout)?.[0] ?? '';
    const [waiting] = (await json('deliveries', '--event', eventId)).data;
    const shown = (await ask('deliveries', waiting?.id ?? '')).stdout;
    expect(shown).toMatch(/waits for +the target, which is paused \(database migration\)/);
    expect((await ask('targets', 'app', '--resume')).exitCode).toBe(0);
    expect((await json('targets')).data[0]?.state).not.toBe('paused');
    expect((await ask('targets')).stdout).toMatch(/^TARGET +STATE/);
  });

  it('sends to the public listener as a stranger would', async () => {
    expect(await hookbay(['send', '--to', relay.hookUrl, '--secret', TOKEN])).toMatchObject({ exitCode: 0 });
    expect(await hookbay(['send', '--to', relay.hookUrl, '--secret', 'a-wrong-token'])).toMatchObject({ exitCode: 1 });
    await waitFor('the rejection', async () => /knowledgesdk +401 /.test((await ask('rejections')).stdout));
  });

  it('restores a backup where the secrets of the configuration are not set', async () => {
    const config = join(relay.folder, 'elsewhere.yaml');
    const { routes } = relayConfig({ target: NOBODY }) as { routes: { knowledgesdk: object } };
    const verify = { provider: 'stripe', secret: '${STRIPE_WEBHOOK_SECRET}' };
    const elsewhere = { storage: { url: 'sqlite:./elsewhere/hookbay.db' }, routes: { shop: { ...routes.knowledgesdk, verify } } };
    writeFileSync(config, JSON.stringify(elsewhere));
    const copy = join(relay.folder, 'copy.db');
    expect(await ask('backup', copy)).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout } = await hookbay(['restore', copy, '--config', config]);
    expect(stdout).toContain(`${join(relay.folder, 'elsewhere', 'hookbay.db')}: `);
    expect(exitCode).toBe(0);
  });

  it('answers for what is not there with exit 1', async () => {
    expect(await ask('send', '--route', 'nowhere')).toMatchObject({ exitCode: 1 });
    expect(await ask('events', 'evt_1')).toMatchObject({ exitCode: 1 });
    expect(await ask('targets', 'nobody')).toMatchObject({ exitCode: 1 });
    expect(await ask('replay', '--all', '--deliver-to', 'nobody')).toMatchObject({ exitCode: 1 });
  });

  it('healthcheck exits 0, and 1 once nobody answers', async () => {
    const check = (url: string) => promisify(execFile)(process.execPath, [ENTRY, 'healthcheck', '--url', url]);
    expect((await check(relay.publicUrl)).stdout).toBe('ok\n');
    await expect(check('http://127.0.0.1:1')).rejects.toMatchObject({ code: 1 });
  });
});

it('an older Node is told which one is needed', async () => {
  const pretend = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.20.0'})";
  const started = promisify(execFile)(process.execPath, ['--import', pretend, ENTRY, '--version']);
  await expect(started).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'Hookbay needs Node 24 or newer; this is Node 22.20.0.\n',
  });
});

describe('serve', () => {
  it('reads the configuration again on SIGHUP and stops in order on SIGTERM', async () => {
    const relay = await RelayProcess.start({ target: NOBODY });
    try {
      const config = relayConfig({ target: NOBODY, config: { alert: { url: NOBODY } } });
      writeFileSync(join(relay.folder, 'config.yaml'), JSON.stringify(config));
      relay.program.signal('SIGHUP');
      await relay.program.record('configuration reloaded');
      expect(await hookbay(['reload', '--url', relay.adminUrl])).toMatchObject({ exitCode: 0 });
      expect(await relay.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await relay.remove();
    }
  });

  it('stays up when the configuration is wrong at a reload', async () => {
    const relay = await RelayProcess.start({ target: NOBODY });
    try {
      writeFileSync(join(relay.folder, 'config.yaml'), 'routes: 7\n');
      relay.program.signal('SIGHUP');
      await relay.program.record('reload refused');
      const asked = await hookbay(['reload', '--url', relay.adminUrl]);
      expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('config.yaml:1:9') });
      expect((await fetch(`${relay.publicUrl}/readyz`)).status).toBe(200);
    } finally {
      await relay.remove();
    }
  });

  it('says which port is taken and exits 1', async () => {
    const folder = newFolder();
    const relay = await RelayProcess.start({ target: NOBODY });
    try {
      const listen = new URL(relay.publicUrl).host;
      const second = launch({ target: NOBODY, folder, config: { listen } });
      expect((await second.exited).code).toBe(1);
      expect(second.lines.join('\n')).toContain(`${listen} is taken`);
    } finally {
      await relay.remove();
      rmSync(folder, { recursive: true });
    }
  });

  it('takes one press of Ctrl-C that npm passes on for one signal', async () => {
    const relay = await RelayProcess.start({ target: NOBODY });
    try {
      relay.program.signal('SIGINT');
      await relay.program.record('stopping');
      relay.program.signal('SIGINT');
      expect(await relay.program.exited).toEqual({ code: 0, signal: null });
    } finally {
      await relay.remove();
    }
  });

  it('is cut short by a second signal: exit 1 before the attempt in flight has had its time', async () => {
    const target = await startReceiver({ kind: 'hang' });
    const relay = await RelayProcess.start({ target: target.url });
    try {
      await hookbay(['send', '--to', relay.hookUrl, '--secret', TOKEN]);
      await waitFor('an attempt in flight', () => target.received.length === 1);
      relay.program.signal('SIGTERM');
      const stopping = await relay.program.record('stopping');
      await waitFor('the end', () => {
        relay.program.signal('SIGTERM');
        return relay.program.exit;
      });
      expect(relay.program.exit).toEqual({ code: 1, signal: null });
      expect(Date.now() - Date.parse(String(stopping.time))).toBeLessThan(6000);
      expect(relay.program.lines.join('\n')).toContain('cut the stop short');
    } finally {
      await relay.remove();
      await target.close();
    }
  });
});
