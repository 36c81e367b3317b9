import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bodyOfKey, postEvent } from '../support/event-client.ts';
import { EventLedger, judge } from '../support/event-ledger.ts';
import { faketimeWrapper, setWallClock, whyNoFaketime } from '../support/faketime.ts';
import { KEY_HEADER } from '../support/knowledgesdk-event.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { newFolder, RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const HOUR = 3_600_000;
const RETRY_MS = 10_000;
/** A jump is noticed within ten seconds; then what waits has the wait left that it had. */
const LONGEST_WAIT_MS = RETRY_MS + 10_000 + 5_000;
const CLIENTS = 2;
const PAUSE_MS = 30;
/** Sweeps come every minute, the first one a minute after the start. */
const SWEPT_AFTER_MS = 65_000;

let ledger: EventLedger;
let receiver: Receiver;
let relay: RelayProcess;
let isFailing = true;
/** By key, the real times at which the target was tried. */
let attempts: Map<string, number[]>;
let clockFile: string;
let offset = 0;

beforeEach(async () => {
  ledger = new EventLedger();
  attempts = new Map();
  receiver = await startReceiver(({ headers, body }) => {
    const key = String(headers[KEY_HEADER]);
    attempts.set(key, [...(attempts.get(key) ?? []), performance.now()]);
    if (!body.equals(bodyOfKey(key, body.length))) ledger.altered.add(key);
    if (!isFailing) ledger.noteDelivered(key);
    return { kind: 'answer', status: isFailing ? 500 : 200 };
  });
  const folder = newFolder();
  clockFile = join(folder, 'clock');
  setWallClock(clockFile, 0);
  relay = await RelayProcess.start({
    target: receiver.url,
    targetOptions: { breaker: 'off', retry: { attempts: 1000, initial: '10s', factor: 1, max: '10s', jitter: 0 } },
    config: { storage: { url: 'sqlite:./data/hookbay.db', minFree: '1MiB', retention: { delivered: '1h' } } },
    folder,
    wrapper: faketimeWrapper(clockFile),
  });
});
afterEach(async () => {
  await relay.remove();
  await receiver.close();
});

/** Posts events at a steady pace until it is told to stop, each until it is acknowledged. */
async function sender(name: string, isStopped: () => boolean): Promise<void> {
  for (let n = 0; !isStopped(); n += 1) {
    const key = `${name}-${n}`;
    ledger.sent.add(key);
    while ((await postEvent(relay.hookUrl, { key }))?.status !== 200) await delay(PAUSE_MS);
    ledger.acknowledged.add(key);
    await delay(PAUSE_MS);
  }
}

async function jump(byMs: number): Promise<void> {
  offset += byMs;
  const before = await relay.admin.metric('hookbay_clock_jumps_total');
  setWallClock(clockFile, offset);
  const { at } = (await relay.admin.get('/api/v1/stats')) as { at: string };
  expect(Math.abs(Date.parse(at) - Date.now() - offset)).toBeLessThan(60_000); // or nothing has happened, and nothing is proved
  await waitFor('jump noticed', async () => (await relay.admin.metric('hookbay_clock_jumps_total')) === before + 1, {
    timeoutMs: 15_000,
  });
}

const undelivered = (): string[] => [...attempts.keys()].filter((key) => !ledger.delivered.has(key));

/** Every event that was known at the jump is tried again, as if nothing had been done to the clock. */
async function expectRetried(since: number): Promise<void> {
  const known = undelivered().filter((key) => (attempts.get(key)?.[0] ?? since) < since);
  expect(known.length).toBeGreaterThan(50);
  const triedAgain = (key: string): boolean => (attempts.get(key)?.at(-1) ?? 0) > since;
  await waitFor('retries', () => known.every(triedAgain), { timeoutMs: LONGEST_WAIT_MS + 10_000 });
}

/** Waits between two attempts of one event, ms. */
const waits = (times: readonly number[]): number[] => times.slice(1).map((time, i) => time - (times[i] ?? time));

describe.skipIf(whyNoFaketime !== null)(`clock jumps (${whyNoFaketime ?? 'libfaketime'})`, { timeout: 180_000 }, () => {
  test('an hour back, then two hours forward: nothing is lost, stuck, tried in a storm or removed early', async () => {
    const startedAt = performance.now();
    let isStopped = false;
    const sending = Array.from({ length: CLIENTS }, (_, n) => sender(`sender-${n}`, () => isStopped));
    await waitFor('attempts', () => attempts.size > 100, { timeoutMs: 30_000 });

    const back = performance.now();
    await jump(-HOUR);
    await relay.program.record('due times moved along with the clock');
    await expectRetried(back);

    isFailing = false;
    await waitFor('deliveries', () => ledger.delivered.size > 100, { timeoutMs: LONGEST_WAIT_MS });
    isFailing = true;
    await waitFor('more attempts', () => undelivered().length > 100, { timeoutMs: 30_000 });
    const forward = performance.now();
    await jump(2 * HOUR);
    await expectRetried(forward);

    isFailing = false;
    isStopped = true;
    await Promise.all(sending);
    await waitFor('empty backlog', async () => (await relay.admin.counts('app')).pending === 0, { timeoutMs: LONGEST_WAIT_MS });
    await waitFor('sweep', () => performance.now() - startedAt > SWEPT_AFTER_MS, { timeoutMs: SWEPT_AFTER_MS });

    expect(await judge(ledger, relay.admin)).toMatchObject({ lost: [], phantom: [], duplicate: [], altered: [] });
    let stored = 0;
    for await (const _ of relay.admin.events()) stored += 1;
    expect(stored).toBe(ledger.acknowledged.size);
    for (const times of attempts.values()) {
      expect(Math.max(0, ...waits(times))).toBeLessThan(LONGEST_WAIT_MS);
      // Early once for each jump, at most.
      expect(waits(times).filter((ms) => ms < RETRY_MS * 0.9).length).toBeLessThanOrEqual(2);
    }
    expect(
      relay.program
        .alarms()
        .filter(({ msg }) => msg === 'the wall clock jumped: nothing is removed for its age until it is stable'),
    ).toMatchObject([{ byMs: expect.closeTo(-HOUR, -4) }, { byMs: expect.closeTo(2 * HOUR, -4) }]);
  });
});
