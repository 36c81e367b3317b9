import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RouteTurns } from '../../src/deliver/route-turns.ts';

function all<T>(turns: RouteTurns<T>): T[] {
  const items: T[] = [];
  for (let item = turns.shift(); item !== undefined; item = turns.shift()) items.push(item);
  return items;
}

test('one route alone: first in, first out', () => {
  const turns = new RouteTurns<number>();
  for (let i = 0; i < 3_000; i += 1) turns.push('a', i);
  expect(turns.peek()).toBe(0);
  expect(all(turns)).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
});

test('a flood of one route does not hold up another', () => {
  const turns = new RouteTurns<string>();
  for (let i = 1; i <= 5; i += 1) turns.push('flood', `f${i}`);
  turns.push('other', 'o1');
  turns.push('third', 't1');
  turns.push('other', 'o2');
  expect(all(turns)).toEqual(['f1', 'o1', 't1', 'f2', 'o2', 'f3', 'f4', 'f5']);
});

test('nothing is lost, nothing comes twice, each route keeps its order, and no route waits for longer than a round', () => {
  const steps = fc.array(fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null }), { maxLength: 300 });
  fc.assert(
    fc.property(steps, (all) => {
      const turns = new RouteTurns<{ route: string; number: number }>();
      const waiting = new Map<string, number[]>();
      const passedOver = new Map<string, number>();
      all.forEach((route, number) => {
        if (route !== null) {
          turns.push(route, { route, number });
          waiting.set(route, [...(waiting.get(route) ?? []), number]);
          return;
        }
        const peeked = turns.peek();
        const item = turns.shift();
        expect(item).toBe(peeked);
        if (item === undefined) {
          expect([...waiting.values()].flat()).toEqual([]);
          return;
        }
        expect(waiting.get(item.route)?.shift()).toBe(item.number);
        for (const [name, line] of waiting) {
          const passed = name === item.route || line.length === 0 ? 0 : (passedOver.get(name) ?? 0) + 1;
          passedOver.set(name, passed);
          expect(passed).toBeLessThan(3);
          expect(turns.waiting(name)).toBe(line.length);
        }
      });
      expect(
        turns
          .drain()
          .map(({ number }) => number)
          .sort((x, y) => x - y),
      ).toEqual([...waiting.values()].flat().sort((x, y) => x - y));
      expect(turns.shift()).toBeUndefined();
    }),
  );
});
