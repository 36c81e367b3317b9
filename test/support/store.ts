import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import type { NewEvent } from '../../src/domain/event.ts';
import type { LeasedDelivery } from '../../src/domain/leased-delivery.ts';
import type { HandOff, StorageTrouble, StoreObserver } from '../../src/store/sqlite/ports.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/sqlite/store.ts';

const DAY_MS = 86_400_000;

/** A wall clock that stands where it is put; waiting goes by the real one. */
export interface SetClock extends Clock {
  wall: number;
}

export function setClock(wall: number): SetClock {
  return {
    wall,
    now() {
      return this.wall;
    },
    monotonic: () => systemClock.monotonic(),
    after: (delayMs, fire) => systemClock.after(delayMs, fire),
  };
}

/** What a store told its observer and its dispatcher. */
export interface StoreRecord {
  troubles: (readonly StorageTrouble[])[];
  damaged: string[];
  evicted: { events: number; overfull: boolean }[];
  handed: LeasedDelivery[];
  woken: { target: string; dueAt: number }[];
  withdrawn: string[];
  cancelled: string[];
  reserved: number;
}

export interface TestStore {
  store: Store;
  file: string;
  clock: SetClock;
  record: StoreRecord;
  /** Closes the store and opens it anew over the same file. */
  reopen(): Promise<TestStore>;
  /** Closes the store and removes its folder. */
  remove(): Promise<void>;
}

/** A real store in a folder of its own. @param takes whether appended deliveries are leased at once */
export async function openTestStore(options: Partial<StoreOptions> = {}, takes = false): Promise<TestStore> {
  const folder = options.file === undefined ? mkdtempSync(join(tmpdir(), 'hookbay-store-')) : join(options.file, '..');
  const file = options.file ?? join(folder, 'hookbay.db');
  const clock = setClock(Date.now());
  const record: StoreRecord = {
    troubles: [],
    damaged: [],
    evicted: [],
    handed: [],
    woken: [],
    withdrawn: [],
    cancelled: [],
    reserved: 0,
  };
  const store = await openStore({
    file,
    minFree: 1024 * 1024,
    ages: { deliveredMs: 14 * DAY_MS, deadMs: 90 * DAY_MS, rejectionsMs: 3 * DAY_MS },
    handOff: recordingHandOff(record, takes),
    observer: recordingObserver(record),
    clock,
    targetsOf: () => [],
    configured: () => null,
    ...options,
  });
  return {
    store,
    file,
    clock,
    record,
    reopen: async () => {
      await store.close();
      return openTestStore({ ...options, file }, takes);
    },
    remove: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function recordingHandOff(record: StoreRecord, takes: boolean): HandOff {
  return {
    reserve: () => {
      if (takes) record.reserved += 1;
      return takes;
    },
    unreserve: () => {
      record.reserved -= 1;
    },
    hand: (delivery) => void record.handed.push(delivery),
    take: (delivery) => {
      if (takes) record.handed.push(delivery);
      return takes;
    },
    withdraw: (id) => void record.withdrawn.push(id),
    cancel: (id) => void record.cancelled.push(id),
    wake: (target, dueAt) => void record.woken.push({ target, dueAt }),
  };
}

function recordingObserver(record: StoreRecord): StoreObserver {
  return {
    committed: () => undefined,
    walSize: () => undefined,
    walAlarm: () => undefined,
    checkpointed: () => undefined,
    checkpointFailed: () => undefined,
    trouble: (reasons) => void record.troubles.push(reasons),
    damaged: (id) => void record.damaged.push(id),
    evicted: (events, overfull) => void record.evicted.push({ events, overfull }),
    deleted: () => undefined,
  };
}

/** An event as ingest hands it over. */
export function newEvent(changes: Partial<NewEvent> = {}): NewEvent {
  return {
    route: 'knowledgesdk',
    receivedAt: Date.now(),
    type: 'EXTRACTION_COMPLETED',
    dedup: null,
    method: 'POST',
    path: '/webhooks/knowledgesdk',
    query: '',
    peer: '203.0.113.7',
    contentType: 'application/json',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from('{"event":"EXTRACTION_COMPLETED"}'),
    ...changes,
  };
}
