import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Books, expectBalanced, openBooks, SOON } from '../support/books.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { Senders } from '../support/senders.ts';
import { injections, straceWrapper, whyNoStrace } from '../support/strace.ts';
import { waitFor } from '../support/wait.ts';

const missing = whyNoStrace();
const WAL_BOUND_BYTES = 600 * 2 ** 20;
const LARGE_BODY = 64 * 1024;

let books: Books;
let relay: RelayProcess;
afterEach(async () => {
  await relay.remove();
  await books.target.stop();
});

describe.skipIf(missing !== null)(`checkpoint errors (${missing ?? 'strace'})`, { timeout: 90_000 }, () => {
  test('a database file that cannot be written raises an alarm and refuses events; nothing is lost', async () => {
    books = await openBooks();
    relay = await RelayProcess.start({ target: books.target.url, targetOptions: { retry: SOON } });
    await relay.stop();
    const trace = join(relay.folder, 'trace');
    const fault = { call: 'pwrite64', effect: 'error=EIO:when=1+', files: [relay.database] } as const;
    relay = await relay.startAgain({ wrapper: straceWrapper(fault, trace) });

    const senders = new Senders(books.ledger, 16, LARGE_BODY);
    senders.aim(relay.hookUrl);
    await waitFor('failing checkpoint', () => injections(trace) > 0, { timeoutMs: 30_000 });
    const isRefusing = async (): Promise<boolean> =>
      relay.program.exit !== null || (await fetch(`${relay.publicUrl}/readyz`)).status === 503;
    await waitFor('refusal', isRefusing, { timeoutMs: 10_000 });
    expect(relay.program.alarms()).not.toEqual([]);
    expect(statSync(`${relay.database}-wal`).size).toBeLessThan(WAL_BOUND_BYTES);

    senders.aim(null);
    await relay.kill();
    relay = await relay.startAgain({ wrapper: [] });
    senders.aim(relay.hookUrl);
    await senders.stop();
    await expectBalanced(relay, books);
  });
});
