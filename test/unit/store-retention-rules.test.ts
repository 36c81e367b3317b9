import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../../src/domain/delivery.ts';
import { agesOf, isContentOld, isOld, type RetentionLimits } from '../../src/store/sqlite/retention-rules.ts';

const time = fc.integer({ min: 0, max: 1000 });
const limits: fc.Arbitrary<RetentionLimits> = fc
  .record({
    deliveredBefore: time,
    deadBefore: time,
    rejectionsBefore: time,
    filteredBefore: fc.option(time),
    cancelledBefore: fc.option(time),
    bodiesBefore: fc.option(time),
    keep: fc.option(time),
  })
  .map(({ filteredBefore, cancelledBefore, bodiesBefore, keep, ...rest }) => ({
    ...rest,
    ...(filteredBefore !== null && { filteredBefore }),
    ...(cancelledBefore !== null && { cancelledBefore }),
    ...(bodiesBefore !== null && { bodiesBefore }),
    ...(keep !== null && { keepBefore: new Map([['own', keep]]) }),
  }));
const isOpen = (status: DeliveryStatus): boolean => status === 'pending' || status === 'held';
const delivery = fc
  .record({ status: fc.constantFrom(...DELIVERY_STATUSES), at: time })
  .map(({ status, at }) => ({ status, finished_at: isOpen(status) ? null : at }));
const deliveries = fc.array(delivery, { minLength: 1, maxLength: 4 });
const route = fc.constantFrom('own', 'other');

describe('whatever the ages are', () => {
  test('nothing pending or held is old, nor is its content', () => {
    fc.assert(
      fc.property(deliveries, limits, route, (all, ages, name) => {
        fc.pre(all.some(({ status }) => isOpen(status)));
        expect([isOld({ route: name, received_at: 0 }, all, ages), isContentOld(all, ages)]).toEqual([false, false]);
      }),
    );
  });

  test('what was finished after the newest limit is old in no way', () => {
    fc.assert(
      fc.property(deliveries, limits, route, (all, ages, name) => {
        const newest = Math.max(...agesOf(ages));
        const young = all.map(({ status }) => ({ status, finished_at: isOpen(status) ? null : newest }));
        expect([isOld({ route: name, received_at: newest }, young, ages), isContentOld(young, ages)]).toEqual([false, false]);
      }),
    );
  });

  test('what is old stays so, and what is added to it can only keep it', () => {
    fc.assert(
      fc.property(deliveries, delivery, limits, route, (all, more, ages, name) => {
        fc.pre(!isOld({ route: name, received_at: 0 }, all, ages));
        expect(isOld({ route: name, received_at: 0 }, [...all, more], ages)).toBe(false);
      }),
    );
  });

  test('a dead letter keeps its content', () => {
    fc.assert(
      fc.property(limits, (ages) => {
        expect(isContentOld([{ status: 'dead', finished_at: -1 }], ages)).toBe(false);
      }),
    );
  });
});

test('a route with an age of its own goes by it alone', () => {
  const ages: RetentionLimits = { deliveredBefore: 10, deadBefore: 20, rejectionsBefore: 0, keepBefore: new Map([['own', 5]]) };
  const old = (name: string, status: DeliveryStatus, at: number) =>
    isOld({ route: name, received_at: 0 }, [{ status, finished_at: at }], ages);
  expect([old('own', 'delivered', 7), old('own', 'dead', 7), old('own', 'dead', 4)]).toEqual([false, false, true]);
  expect([old('other', 'delivered', 7), old('other', 'dead', 19), old('other', 'filtered', 10)]).toEqual([true, true, false]);
  expect(agesOf(ages)).toEqual([5, 10, 20]);
});
