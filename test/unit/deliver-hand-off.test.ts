import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandOffRoom, type Share } from '../../src/deliver/hand-off.ts';

const empty = (): Share => ({ deliveries: 0, bytes: 0 });

function fill(room: HandOffRoom, share: Share, bytes = 1): number {
  let taken = 0;
  while (room.take(share, bytes)) taken += 1;
  return taken;
}

describe('HandOffRoom', () => {
  test('one target alone gets half, and leaves room for every other', () => {
    const room = new HandOffRoom({ deliveries: 1000, bytes: 1_000_000 });
    const dead = empty();
    const second = empty();
    expect(fill(room, dead)).toBe(500);
    expect(fill(room, second)).toBe(250);
    expect(room.take(empty(), 1)).toBe(true);
  });

  test('bytes bound it, too', () => {
    const room = new HandOffRoom({ deliveries: 1000, bytes: 1000 });
    const share = empty();
    expect(fill(room, share, 100)).toBe(5);
    expect(room.take(empty(), 501)).toBe(false);
    expect(room.held).toEqual({ deliveries: 5, bytes: 500 });
  });

  test('what is given back can be taken again', () => {
    const room = new HandOffRoom({ deliveries: 10, bytes: 1000 });
    const share = empty();
    const taken = fill(room, share);
    room.give(share, 1);
    expect(fill(room, share)).toBe(1);
    for (let i = 0; i < taken; i += 1) room.give(share, 1);
    expect(room.held).toEqual(empty());
    expect(share).toEqual(empty());
  });

  test('a target that holds nothing may lease one, however full it is; one that holds something may not', () => {
    const room = new HandOffRoom({ deliveries: 10, bytes: 10 });
    const greedy = empty();
    room.add(greedy, 10, 10);
    expect(room.leasable(greedy)).toBeNull();
    expect(room.leasable(empty())).toEqual({ deliveries: 1, bytes: 1 });
  });

  test('never over its bounds, whoever takes and leases', () => {
    const bounds = { deliveries: 50, bytes: 5000 };
    const steps = fc.array(fc.record({ target: fc.nat(4), kind: fc.constantFrom('take', 'lease', 'give'), bytes: fc.nat(400) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (taken) => {
        const room = new HandOffRoom(bounds);
        const targets = Array.from({ length: 5 }, () => ({ share: empty(), held: [] as number[] }));
        for (const { target, kind, bytes } of taken) {
          const of = targets[target];
          if (of === undefined) continue;
          if (kind === 'take' && room.take(of.share, bytes)) of.held.push(bytes);
          if (kind === 'give') {
            const back = of.held.pop();
            if (back !== undefined) room.give(of.share, back);
          }
          const wanted = kind === 'lease' ? room.leasable(of.share) : null;
          if (wanted !== null && wanted.deliveries * bytes <= wanted.bytes) {
            room.add(of.share, wanted.deliveries, wanted.deliveries * bytes);
            for (let i = 0; i < wanted.deliveries; i += 1) of.held.push(bytes);
          }
          expect(room.held.bytes).toBeLessThanOrEqual(bounds.bytes);
          expect(room.held.deliveries).toBeLessThanOrEqual(bounds.deliveries + targets.length);
        }
        expect(room.held.deliveries).toBe(targets.reduce((sum, { held }) => sum + held.length, 0));
      }),
    );
  });
});
