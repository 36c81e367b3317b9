import { expect } from 'vitest';
import { EventLedger, judge } from './event-ledger.ts';
import { LedgerTarget } from './ledger-target.ts';
import type { RelayProcess } from './relay-process.ts';
import { waitFor } from './wait.ts';

/** Retries soon, so that a test does not wait for the default schedule. */
export const SOON = { attempts: 50, initial: '100ms', factor: 2, max: '1s', jitter: 0.2 };

export interface Books {
  ledger: EventLedger;
  target: LedgerTarget;
}

/** A ledger and the target that writes into it. */
export async function openBooks(): Promise<Books> {
  const ledger = new EventLedger();
  return { ledger, target: await new LedgerTarget(ledger).start() };
}

export async function waitUntilDrained(relay: RelayProcess): Promise<void> {
  await waitFor('empty backlog', async () => (await relay.admin.counts('app')).pending === 0, { timeoutMs: 60_000, everyMs: 50 });
}

/** Waits for the last delivery, then: nothing lost, invented, doubled or altered, and something happened at all. */
export async function expectBalanced(relay: RelayProcess, { ledger }: Books): Promise<void> {
  await waitUntilDrained(relay);
  expect(await judge(ledger, relay.admin)).toMatchObject({ lost: [], phantom: [], duplicate: [], altered: [] });
  expect(ledger.acknowledged.size).toBeGreaterThan(0);
}

/** The long forms run with HOOKBAY_FAULTS=long. */
export const isLong = process.env.HOOKBAY_FAULTS === 'long';
