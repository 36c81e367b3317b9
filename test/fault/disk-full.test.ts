import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Books, expectBalanced, openBooks, SOON } from '../support/books.ts';
import { postEvent } from '../support/event-client.ts';
import { newFolder, RelayProcess } from '../support/relay-process.ts';
import { Senders } from '../support/senders.ts';
import { waitFor } from '../support/wait.ts';

const DISK_MIB = 64;

function mountDisk(folder: string): string | null {
  mkdirSync(folder, { recursive: true });
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder]);
  if (mount.error !== undefined) return 'there is no mount command';
  return mount.status === 0 ? null : `mounting a small disk needs root: ${mount.stderr.toString().trim()}`;
}

const folder = newFolder();
const data = join(folder, 'data');
const missing = process.platform === 'linux' ? mountDisk(data) : 'needs Linux';

/** Takes all the space that is left. */
function fillDisk(): string {
  const file = join(data, 'filler');
  const descriptor = openSync(file, 'w');
  try {
    for (const chunk of [Buffer.alloc(2 ** 20), Buffer.alloc(4096)]) {
      try {
        for (;;) if (writeSync(descriptor, chunk) < chunk.length) break;
      } catch {
        // ENOSPC: full to this chunk's size.
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return file;
}

let books: Books;
let relay: RelayProcess | null = null;
afterEach(async () => {
  await relay?.kill();
  await books.target.stop();
  spawnSync('umount', [data]);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missing !== null)(`full disk (${missing ?? 'tmpfs'})`, { timeout: 60_000 }, () => {
  test('refuses while the disk is full, answers the operator, goes on when there is space', async () => {
    books = await openBooks();
    const storage = { url: 'sqlite:./data/hookbay.db', minFree: '4MiB' };
    relay = await RelayProcess.start({ target: books.target.url, targetOptions: { retry: SOON }, config: { storage }, folder });
    const { hookUrl, publicUrl, admin, program } = relay;
    const senders = new Senders(books.ledger, 8);
    senders.aim(hookUrl);
    await waitFor('acknowledged events', () => books.ledger.acknowledged.size > 50);

    const filler = fillDisk();
    const isReady = async (): Promise<boolean> => (await fetch(`${publicUrl}/readyz`)).ok;
    await waitFor('refusal', async () => !(await isReady()));
    for (let i = 0; i < 20; i += 1) {
      const key = `while-full-${i}`;
      books.ledger.sent.add(key);
      expect((await postEvent(hookUrl, { key }))?.status).toBe(503);
    }
    await admin.get('/api/v1/events');
    expect(program.exit).toBeNull();

    rmSync(filler);
    await waitFor('recovery', isReady, { timeoutMs: 5_000 });
    const taken = books.ledger.acknowledged.size;
    await waitFor('events taken again', () => books.ledger.acknowledged.size > taken + 50);
    await senders.stop();
    await expectBalanced(relay, books);
  });
});
