import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Books, expectBalanced, isLong, openBooks, SOON } from '../support/books.ts';
import type { Exit } from '../support/child-program.ts';
import { launch, newFolder, RelayProcess } from '../support/relay-process.ts';
import { Senders } from '../support/senders.ts';
import { injections, straceWrapper, whyNoStrace } from '../support/strace.ts';
import { waitFor } from '../support/wait.ts';

const missing = whyNoStrace();
const positions = isLong ? Array.from({ length: 60 }, (_, index) => index + 1) : [3, 12];

let books: Books;
let relay: RelayProcess | null = null;
afterEach(async () => {
  await relay?.remove();
  await books.target.stop();
});

/** Runs the relay under load until the fault has happened and it has ended or takes events again. */
async function runIntoFault(
  call: 'fsync' | 'pwrite64',
  effect: string,
  folder: string,
  senders: Senders,
): Promise<Exit | 'recovered'> {
  const database = join(folder, 'data', 'hookbay.db');
  const trace = join(folder, 'trace');
  const wrapper = straceWrapper({ call, effect, files: [database, `${database}-wal`] }, trace);
  const setup = { target: books.target.url, targetOptions: { retry: SOON }, folder, wrapper };
  const program = launch(setup);
  const listening = await program.record('listening').catch(() => null);
  if (listening !== null) senders.aim(`${listening.public}/webhooks/knowledgesdk`);
  await waitFor('injected fault', () => injections(trace) > 0 || program.exit !== null, { timeoutMs: 20_000 });
  const readyAgain = async (): Promise<boolean> => (await fetch(`${listening?.public}/readyz`)).ok;
  const isOver = async (): Promise<boolean> => program.exit !== null || (await readyAgain().catch(() => false));
  await waitFor('exit or recovery', isOver, { timeoutMs: 5_000 });
  senders.aim(null);
  expect(injections(trace)).toBeGreaterThan(0);
  const end = program.exit ?? 'recovered';
  await program.kill();
  return end;
}

async function survive(call: 'fsync' | 'pwrite64', effect: string): Promise<Exit | 'recovered'> {
  books = await openBooks();
  const senders = new Senders(books.ledger, 16);
  const folder = newFolder();
  const end = await runIntoFault(call, effect, folder, senders);
  relay = await RelayProcess.start({ target: books.target.url, targetOptions: { retry: SOON }, folder });
  senders.aim(relay.hookUrl);
  await waitFor('acknowledged event', () => books.ledger.acknowledged.size > 50);
  await senders.stop();
  await expectBalanced(relay, books);
  // Whatever was refused was refused as the relay's own trouble, never as the sender's.
  for (const status of senders.answers.keys()) expect(['200', '503', 'none']).toContain(status);
  return end;
}

describe.skipIf(missing !== null)(`write errors (${missing ?? 'strace'})`, { timeout: 60_000 }, () => {
  test.each(positions)('fsync number %i fails: it ends non-zero, nothing is lost', async (n) => {
    expect(await survive('fsync', `error=EIO:when=${n}`)).toMatchObject({ code: expect.toSatisfy((code) => code > 0) });
  });

  test.each(positions)('write number %i fails: it ends non-zero or recovers, nothing is lost', async (n) => {
    const end = await survive('pwrite64', `error=EIO:when=${n}`);
    if (end !== 'recovered') expect(end.code).toBeGreaterThan(0);
  });

  test.each(positions)('the disk is full at write number %i: nothing is lost', async (n) => {
    const end = await survive('pwrite64', `error=ENOSPC:when=${n}`);
    if (end !== 'recovered') expect(end.code).toBeGreaterThan(0);
  });
});
