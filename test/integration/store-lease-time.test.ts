import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Committed, openBareWriter } from '../support/bare-writer.ts';
import { newEvent } from '../support/store.ts';

const NOW = Date.UTC(2026, 0, 1);
const MANY = 200;
const ROOM = { deliveries: 150, bytes: 1_000_000, configured: null, now: NOW };

type Leased = Extract<Committed['commands'][number], { kind: 'leased' }>;

test('leases that may take no time give a few each, say that more is due, and come to all in their order', () => {
  const bare = openBareWriter(mkdtempSync(join(tmpdir(), 'hookbay-lease-')), 0);
  try {
    const append = { event: newEvent({ receivedAt: NOW }), deliveries: ['app', 'audit'].map(pending) };
    bare.commit({ appends: Array.from({ length: MANY }, () => append), now: NOW });
    const found: Record<string, number[]> = { app: [], audit: [] };
    let turns = 0;
    for (let isMore = true; isMore; turns += 1) {
      const commands = Object.keys(found).map((target) => ({ kind: 'lease' as const, target, ...ROOM }));
      const leases = bare.commit({ commands, now: NOW }).commands as Leased[];
      isMore = leases.some(({ nextDueAt }) => nextDueAt !== null);
      for (const { rows, nextDueAt, cutShort } of leases) {
        expect([rows.length, nextDueAt, cutShort]).toEqual(turns < MANY / 8 - 1 ? [8, NOW, true] : [8, null, undefined]);
        for (const { target, delivery } of rows) found[target]?.push(delivery);
      }
    }
    expect(turns).toBe(MANY / 8); // with time for all it would have been two: 150 and 50
    const all = Array.from({ length: MANY }, (_, index) => index * 2 + 1);
    expect(found).toEqual({ app: all, audit: all.map((delivery) => delivery + 1) });
  } finally {
    bare.remove();
  }
});

const pending = (target: string) => ({ kind: 'pending' as const, target, lease: null });
