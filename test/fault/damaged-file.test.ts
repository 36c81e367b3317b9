import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isLong, SOON } from '../support/books.ts';
import { cutTo, flipBit, offsetOf } from '../support/damage.ts';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { EventLedger, judge } from '../support/event-ledger.ts';
import { LedgerTarget } from '../support/ledger-target.ts';
import { newFolder, RelayProcess, StartFailure } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const KEYS = Array.from({ length: 200 }, (_, index) => `event-${index}`);
const AT_ONCE = 40;
const PAGE = 4096;

/** Intact originals: after a stop all events are in the database, after a kill they are in the WAL. */
const originals = { stop: '', kill: '' };

async function makeOriginal(end: 'stop' | 'kill'): Promise<string> {
  const relay = await RelayProcess.start({ target: 'http://127.0.0.1:9/hooks' });
  await relay.admin.post('/api/v1/targets/app/pause');
  // A few commits in all, so that the log is too short for a checkpoint, and the kill leaves everything in it.
  for (let start = 0; start < KEYS.length; start += AT_ONCE) {
    const answers = KEYS.slice(start, start + AT_ONCE).map((key) => postEvent(relay.hookUrl, { key }));
    expect((await Promise.all(answers)).every(isAcknowledged)).toBe(true);
  }
  await relay[end]();
  return relay.folder;
}

beforeAll(async () => {
  originals.stop = await makeOriginal('stop');
  originals.kill = await makeOriginal('kill');
}, 60_000);
afterAll(() => {
  for (const folder of Object.values(originals)) rmSync(folder, { recursive: true, force: true });
});

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

interface Finding {
  /** It did not start, or ended by itself. */
  refused: boolean;
  lost: string[];
  held: number;
  /** What it told about it. */
  alarms: string;
}

/** Starts a relay over a damaged copy, lets it deliver what it can; nothing altered may come out. */
async function runDamaged(original: string, damage: (database: string) => void): Promise<Finding> {
  const folder = newFolder();
  cleanUp.push(async () => rmSync(folder, { recursive: true, force: true }));
  cpSync(original, folder, { recursive: true });
  damage(join(folder, 'data', 'hookbay.db'));
  const ledger = new EventLedger();
  const target = await new LedgerTarget(ledger).start();
  cleanUp.push(() => target.stop());
  for (const key of KEYS) {
    ledger.sent.add(key);
    ledger.acknowledged.add(key);
  }
  try {
    const relay = await RelayProcess.start({ target: target.url, targetOptions: { retry: SOON }, folder });
    cleanUp.push(() => relay.kill());
    return await deliverAll(relay, ledger);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    expect(error.exit?.code).toBeGreaterThan(0);
    return { refused: true, lost: [], held: 0, alarms: error.program.lines.join('\n') };
  } finally {
    expect([...ledger.altered]).toEqual([]);
  }
}

async function deliverAll(relay: RelayProcess, ledger: EventLedger): Promise<Finding> {
  const { program, admin } = relay;
  await admin.post('/api/v1/targets/app/resume');
  const isOver = async (): Promise<boolean> => program.exit !== null || (await admin.counts('app')).pending === 0;
  await waitFor('end of the deliveries', isOver, { timeoutMs: 20_000 });
  const alarms = program
    .alarms()
    .map((record) => JSON.stringify(record))
    .join('\n');
  if (program.exit !== null) return { refused: true, lost: [], held: 0, alarms };
  const { lost, phantom } = await judge(ledger, admin);
  expect(phantom).toEqual([]);
  return { refused: false, lost, held: (await admin.counts('app')).held, alarms };
}

/** What is gone is not gone silently: it says how many events, or does not start. */
function expectHonest({ refused, lost, held, alarms }: Finding): void {
  if (refused || held > 0) expect(alarms).not.toBe('');
  if (lost.length > 0) expect(alarms).toMatch(new RegExp(`\\b${lost.length}\\b`));
}

describe('damaged files', { timeout: 40_000 }, () => {
  test('control: intact copies deliver everything without an alarm', async () => {
    for (const original of Object.values(originals)) {
      expect(await runDamaged(original, () => undefined)).toEqual({ refused: false, lost: [], held: 0, alarms: '' });
    }
  });

  test('a bit flipped in a stored body: that event is held, the others are delivered', async () => {
    // The marker of a body is its key, which stands once more in the headers and in the key's own row.
    const finding = await runDamaged(originals.stop, (database) =>
      flipBit(database, offsetOf(database, '"marker":"event-77"') + 12),
    );
    expect(finding).toMatchObject({ refused: false, lost: [], held: 1 });
    expectHonest(finding);
  });

  const places = isLong ? Array.from({ length: 40 }, (_, index) => (index + 0.5) / 40) : [0.02, 0.5, 0.9];
  test.each(places)('a bit flipped at %f of the WAL', async (place) => {
    const finding = await runDamaged(originals.kill, (database) => {
      const wal = `${database}-wal`;
      flipBit(wal, Math.floor(statSync(wal).size * place));
    });
    expectHonest(finding);
  });

  test('a WAL damaged in its midst: it says how many events are gone', async () => {
    const finding = await runDamaged(originals.kill, (database) =>
      flipBit(`${database}-wal`, offsetOf(`${database}-wal`, 'event-100')),
    );
    expect(finding.lost.length).toBeGreaterThan(0);
    expectHonest(finding);
  });

  test.each(isLong ? [0, 1, 2, 3, 5, 8, 13, 21] : [0, 2])('a bit flipped in the header of page %i', async (page) => {
    expectHonest(await runDamaged(originals.stop, (database) => flipBit(database, page * PAGE + (page === 0 ? 3 : 0), 1)));
  });

  test.each([0.5, 0.9])('the database cut to %f of its length', async (share) => {
    expectHonest(await runDamaged(originals.stop, (database) => cutTo(database, share)));
  });

  test.each([0, 0.5])('the WAL cut to %f of its length', async (share) => {
    const finding = await runDamaged(originals.kill, (database) => cutTo(`${database}-wal`, share));
    expect(finding.refused || finding.lost.length > 0).toBe(true);
    expectHonest(finding);
  });
});
