import { expect, test } from 'vitest';
import { newEvent, openTestStore } from '../support/store.ts';

test('deliveries are handed over after the reactions to their append, also in a batch', async () => {
  const order: string[] = [];
  const handOff = {
    reserve: () => true,
    unreserve: () => undefined,
    hand: ({ event }: { event: { id: string } }) => void order.push(`hand ${event.id}`),
    take: () => false,
    withdraw: () => undefined,
    cancel: () => undefined,
    wake: () => undefined,
  };
  const { store, remove } = await openTestStore({ handOff });
  const batch = Array.from({ length: 50 }, (_, i) =>
    store.log.append(newEvent({ body: Buffer.from(`${i}`) }), [{ kind: 'pending', target: 'app' }]).then((result) => {
      if (result.kind === 'accepted') order.push(`answer ${result.eventId}`);
    }),
  );
  await Promise.all(batch);
  await store.close();
  const answers = order.filter((line) => line.startsWith('answer'));
  expect(answers.length).toBe(50);
  for (const line of answers) {
    const handed = order.indexOf(line.replace('answer', 'hand'));
    if (handed >= 0) expect(handed).toBeGreaterThan(order.indexOf(line));
  }
  expect(order.filter((line) => line.startsWith('hand')).length).toBe(50);
  await remove();
});
