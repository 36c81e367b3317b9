import { beforeEach, describe, expect, test } from 'vitest';
import { type LeaseEntry, LeaseTable } from '../../src/store/sqlite/leases.ts';

function entry(lease: number, target = 'app'): LeaseEntry {
  const state = {
    status: 'pending',
    reason: null,
    dueAt: 1,
    finishedAt: null,
    attempts: 0,
    budgetStart: 0,
    budgetSpentMs: 0,
  } as const;
  return { state: { ...state, nextTrigger: 'initial', lease }, route: 'knowledgesdk', target, orderingKey: null };
}

let table: LeaseTable;
beforeEach(() => {
  table = new LeaseTable();
});

const leases = (...deliveries: number[]): (number | null)[] => deliveries.map((delivery) => table.leaseOf(delivery));

describe('claims', () => {
  test('are known by delivery and counted by target', () => {
    table.set(1, entry(10));
    table.set(2, entry(20));
    table.set(3, entry(30, 'audit'));
    expect(leases(1, 2, 3, 4)).toEqual([10, 20, 30, null]);
    expect([table.countOf('app'), table.countOf('audit'), table.countOf('other')]).toEqual([2, 1, 0]);
  });

  test('count once, however often they change', () => {
    table.set(1, entry(10));
    table.set(1, entry(11));
    expect(table.countOf('app')).toBe(1);
    table.remove(1);
    table.remove(1);
    expect([table.countOf('app'), table.leaseOf(1)]).toEqual([0, null]);
  });
});

describe('a transaction that is undone', () => {
  test('takes its claims and its releases with it', () => {
    table.set(1, entry(10));
    table.keep();
    table.remove(1);
    table.set(2, entry(20));
    table.rollBack();
    expect(leases(1, 2)).toEqual([10, null]);
    expect(table.countOf('app')).toBe(1);
  });

  test('brings back the first of several claims on one delivery', () => {
    table.set(1, entry(10));
    table.keep();
    table.set(1, entry(11));
    table.remove(1);
    table.set(1, entry(12));
    table.rollBack();
    expect(leases(1)).toEqual([10]);
  });

  test('leaves what was kept before', () => {
    table.set(1, entry(10));
    table.keep();
    table.rollBack();
    expect(leases(1)).toEqual([10]);
  });

  test('goes back to a mark only', () => {
    table.set(1, entry(10));
    const mark = table.mark();
    table.set(2, entry(20));
    table.remove(1);
    table.rollBack(mark);
    expect(leases(1, 2)).toEqual([10, null]);
    table.rollBack();
    expect(leases(1, 2)).toEqual([null, null]);
    expect(table.countOf('app')).toBe(0);
  });
});
