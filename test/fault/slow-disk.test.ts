import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Books, expectBalanced, openBooks, SOON } from '../support/books.ts';
import { postEvent } from '../support/event-client.ts';
import { newFolder, RelayProcess } from '../support/relay-process.ts';
import { injections, straceWrapper, whyNoStrace } from '../support/strace.ts';

const missing = whyNoStrace();
const FSYNC_MS = 100;
const CLIENTS = 32;
const EVENTS_EACH = 10;

let books: Books;
let relay: RelayProcess;

/** Posts one event after another. @returns how long each took, ms */
async function client(name: string): Promise<number[]> {
  const latencies: number[] = [];
  for (let n = 0; n < EVENTS_EACH; n += 1) {
    const key = `${name}-${n}`;
    books.ledger.sent.add(key);
    const startedAt = performance.now();
    const answer = await postEvent(relay.hookUrl, { key });
    latencies.push(performance.now() - startedAt);
    expect(answer?.status).toBe(200);
    books.ledger.acknowledged.add(key);
  }
  return latencies;
}

function percentile(samples: number[], share: number): number {
  return samples.sort((a, b) => a - b)[Math.floor(samples.length * share)] ?? Number.NaN;
}

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

    const wave = async (name: string): Promise<number[]> =>
      (await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(`${name}-${index}`)))).flat();
    await wave('warm-up');
    const before = injections(trace);
    const startedAt = performance.now();
    const latencies = await wave('client');
    const fsyncs = injections(trace) - before;
    // The writer is never idle here, so this is what one commit takes, with the cost of tracing on this machine.
    const commitMs = (performance.now() - startedAt) / fsyncs;

    expect(fsyncs).toBeGreaterThan(10);
    expect(percentile(latencies, 0.5)).toBeGreaterThan(FSYNC_MS);
    expect(percentile(latencies, 0.99)).toBeLessThan(4 * commitMs);
    expect(relay.program.peakResidentMiB()).toBeLessThan(300);
    await expectBalanced(relay, books);
  });
});
