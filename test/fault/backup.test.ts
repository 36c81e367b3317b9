import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { newFolder, RelayProcess, relayConfig } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const CLIENTS = 16;

let target: Receiver;
let relay: RelayProcess;
let elsewhere: string;

/** Posts from many clients until it is told to stop. */
function load(url: string) {
  const acknowledged = new Set<string>();
  let stopped = false;
  let next = 0;
  const client = async (): Promise<void> => {
    while (!stopped) {
      next += 1;
      const key = `key-${next}`;
      if (isAcknowledged(await postEvent(url, { key }))) acknowledged.add(key);
    }
  };
  const done = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

const keysIn = (file: string): Set<string> => {
  const db = new Sqlite(file, { readonly: true });
  try {
    return new Set(db.prepare('SELECT dedup_key FROM events').pluck().all() as string[]);
  } finally {
    db.close();
  }
};

beforeEach(async () => {
  target = await startReceiver({ kind: 'answer', status: 500 });
  relay = await RelayProcess.start({ target: target.url, targetOptions: { retry: { initial: '1s' } } });
  elsewhere = newFolder();
});
afterEach(async () => {
  await relay.remove();
  await target.close();
  rmSync(elsewhere, { recursive: true, force: true });
});

const backup = (file: string) => hookbay(['backup', file, '--url', relay.adminUrl, '--json']);

describe('a backup under load', () => {
  it('is whole, holds all that was acknowledged before it began, and is delivered once it is restored', async () => {
    const running = load(relay.hookUrl);
    await waitFor('some events', async () => running.acknowledged.size >= 500);
    const before = [...running.acknowledged];
    const file = join(elsewhere, 'copy.db');
    const made = await backup(file);
    await running.stop();
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    const kept = keysIn(file);
    expect(before.filter((key) => !kept.has(key))).toEqual([]);
    expect(JSON.parse(made.stdout)).toMatchObject({ events: kept.size, pending: kept.size });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(elsewhere)).toEqual(['copy.db']);
    expect(readdirSync(dirname(relay.database)).filter((name) => name.includes('.copying-'))).toEqual([]);

    await relay.kill();
    const config = join(elsewhere, 'config.yaml');
    writeFileSync(config, JSON.stringify(relayConfig({ target: target.url })));
    const restored = await hookbay(['restore', file, '--config', config]);
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
    expect(restored.stdout).toContain(`${kept.size} events`);
    target.behave({ kind: 'answer', status: 200 });
    target.received.splice(0);
    const again = await RelayProcess.start({ target: target.url, folder: elsewhere });
    const got = (): Set<unknown> => new Set(target.received.map(({ headers }) => headers['x-knowledgesdk-dedup-key']));
    await waitFor('every event', async () => got().size === kept.size, { timeoutMs: 30_000 });
    await again.kill();
    expect(got()).toEqual(kept);
  });

  it('is not written over a file that is there', async () => {
    const file = join(elsewhere, 'copy.db');
    writeFileSync(file, 'mine');
    expect(await backup(file)).toMatchObject({ exitCode: 2 });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

describe('a backup that something comes between', () => {
  const folder = (): string => dirname(relay.database);
  const copies = (): string[] => readdirSync(folder()).filter((name) => name.includes('.copying-'));
  const ask = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${relay.adminUrl}/api/v1/backup`, { method: 'POST', ...(signal === undefined ? {} : { signal }) });

  /** Enough that a copy takes a while. */
  beforeEach(async () => {
    for (let i = 0; i < 64; i += 1) await postEvent(relay.hookUrl, { key: `large-${i}`, size: 512 * 1024 });
  });

  it('leaves nothing behind when whoever asked leaves, and is not made to its end', async () => {
    const asked = new AbortController();
    const left = ask(asked.signal).then(
      () => 'answered',
      () => 'left',
    );
    await waitFor('the copy', () => copies().length > 0);
    asked.abort();
    expect(await left).toBe('left');
    await waitFor('nothing', () => copies().length === 0);
    const next = await waitFor('room for the next', async () => {
      const response = await ask();
      return response.ok ? response : response.body?.cancel().then(() => false as const);
    });
    expect((await next.arrayBuffer()).byteLength).toBe(Number(next.headers.get('content-length')));
  });

  it('by two at once: one of them is refused, or comes after, and each copy is whole', async () => {
    const first = ask();
    await waitFor('the copy', () => copies().length > 0);
    const refusals: number[] = [];
    const second = await waitFor('the second', async () => {
      const response = await ask();
      if (response.ok) return response;
      refusals.push(response.status);
      await response.body?.cancel();
      return false;
    });
    for (const response of [await first, second]) {
      expect((await response.arrayBuffer()).byteLength).toBe(Number(response.headers.get('content-length')));
    }
    expect(new Set(refusals)).toEqual(new Set([409]));
  });

  it('into the same file twice at once: one of them gets the name', async () => {
    const file = join(elsewhere, 'copy.db');
    const both = await Promise.all([backup(file), backup(file)]);
    expect(both.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    expect(readdirSync(elsewhere)).toEqual(['copy.db']);
    expect(keysIn(file).size).toBe(64);
  });

  it('touches nothing that is not its own', async () => {
    const mine = `${relay.database}.backup-before-upgrade`;
    writeFileSync(mine, 'mine');
    mkdirSync(`${relay.database}.copying-1`);
    writeFileSync(`${relay.database}.copying-monday`, 'mine too');
    expect(await backup(join(elsewhere, 'copy.db'))).toMatchObject({ exitCode: 0 });
    await relay.kill();
    const again = await RelayProcess.start({ target: target.url, folder: relay.folder });
    await again.kill();
    const names = readdirSync(folder());
    expect(names).toEqual(expect.arrayContaining([basename(mine), 'hookbay.db.copying-1', 'hookbay.db.copying-monday']));
  });
});

describe('a restore', () => {
  it('never overwrites a database, takes nothing damaged, and not while a relay runs', async () => {
    await postEvent(relay.hookUrl, { key: 'one' });
    const file = join(elsewhere, 'copy.db');
    expect(await backup(file)).toMatchObject({ exitCode: 0 });
    const config = join(relay.folder, 'config.yaml');
    const restore = (from: string) => hookbay(['restore', from, '--config', config, '--json']);
    expect((await restore(file)).stderr).toContain('database_locked');
    await relay.kill();
    expect((await restore(file)).stderr).toContain('database_exists');
    rmSync(relay.database);
    rmSync(`${relay.database}-wal`, { force: true });
    const damaged = join(elsewhere, 'damaged.db');
    const bytes = readFileSync(file);
    writeFileSync(damaged, bytes.fill(0xff, 8192, 16_384));
    expect((await restore(damaged)).stderr).toMatch(/backup_damaged|not_a_backup/);
    writeFileSync(damaged, 'no database at all');
    expect((await restore(damaged)).stderr).toContain('not_a_backup');
    expect(existsSync(relay.database)).toBe(false);
    expect(await restore(file)).toMatchObject({ exitCode: 0 });
    expect([...keysIn(relay.database)]).toEqual(['one']);
  });
});
