import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Books, expectBalanced, openBooks, SOON } from '../support/books.ts';
import { postEvent } from '../support/event-client.ts';
import { newFolder, RelayProcess } from '../support/relay-process.ts';
import { injections, straceWrapper, whyNoStrace } from '../support/strace.ts';

const missing = whyNoStrace();
const FSYNC_MS = 50;
const CLIENTS = 32;
const EVENTS_EACH = 20;

let books: Books;
let relay: RelayProcess;
afterEach(async () => {
  await relay.remove();
  await books.target.stop();
});

describe.skipIf(missing !== null)(`slow disk (${missing ?? 'strace'})`, { timeout: 60_000 }, () => {
  test('a commit waits for at most a few slow fsyncs, and memory stays bounded', async () => {
    books = await openBooks();
    const folder = newFolder();
    const trace = join(folder, 'trace');
    const database = join(folder, 'data', 'hookbay.db');
    const fault = { call: 'fsync', effect: `delay_exit=${FSYNC_MS * 1000}`, files: [database, `${database}-wal`] } as const;
    const wrapper = straceWrapper(fault, trace);
    relay = await RelayProcess.start({ target: books.target.url, targetOptions: { retry: SOON }, folder, wrapper });

    const latencies: number[] = [];
    const client = async (index: number): Promise<void> => {
      for (let n = 0; n < EVENTS_EACH; n += 1) {
        const key = `client-${index}-${n}`;
        books.ledger.sent.add(key);
        const startedAt = performance.now();
        const answer = await postEvent(relay.hookUrl, { key });
        latencies.push(performance.now() - startedAt);
        expect(answer?.status).toBe(200);
        books.ledger.acknowledged.add(key);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));

    expect(injections(trace)).toBeGreaterThan(10);
    latencies.sort((a, b) => a - b);
    expect(latencies[Math.floor(latencies.length / 2)]).toBeGreaterThan(FSYNC_MS / 2);
    expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThan(4 * FSYNC_MS);
    expect(relay.program.peakResidentMiB()).toBeLessThan(300);
    await expectBalanced(relay, books);
  });
});
