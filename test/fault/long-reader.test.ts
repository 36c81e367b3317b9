import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, test } from 'vitest';
import { type Books, expectBalanced, openBooks, SOON } from '../support/books.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { Senders } from '../support/senders.ts';
import { waitFor } from '../support/wait.ts';

const ALARM_BYTES = 256 * 2 ** 20;
const LARGE_BODY = 256 * 1024;

let books: Books;
let relay: RelayProcess;
afterEach(async () => {
  await relay.remove();
  await books.target.stop();
});

test('an outside reader that stays raises an alarm before the WAL fills the disk', { timeout: 120_000 }, async () => {
  books = await openBooks();
  relay = await RelayProcess.start({ target: books.target.url, targetOptions: { retry: SOON } });
  const { admin, database, program } = relay;
  const walBytes = (): number => statSync(`${database}-wal`).size;
  const reader = new Database(database, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM sqlite_schema').get();

  const senders = new Senders(books.ledger, 16, LARGE_BODY);
  senders.aim(relay.hookUrl);
  await waitFor('large WAL', () => walBytes() > ALARM_BYTES, { timeoutMs: 60_000 });
  await waitFor('alarm', () => program.alarms().length > 0);
  reader.close();
  await senders.stop();
  await waitFor('WAL under its limit again', async () => (await admin.metric('hookbay_wal_bytes')) < ALARM_BYTES);
  await expectBalanced(relay, books);
});
