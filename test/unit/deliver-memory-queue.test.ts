import { deliveryQueueContract } from '../contract/delivery-queue.ts';
import { createMemoryDeliveryQueue } from '../support/memory-delivery-queue.ts';

deliveryQueueContract('in memory', async () => {
  const queue = createMemoryDeliveryQueue(Date.now);
  return {
    queue,
    now: Date.now,
    add: async (delivery) => queue.add(delivery),
    read: async (id) => {
      const { status, reason, attempts, dueAt } = queue.row(id).state;
      return { status, reason, attempts, dueAt };
    },
    blockOnDead: async (target) => queue.blockOnDead(target),
    cancel: async (id) => queue.cancel(id),
    close: async () => {},
  };
});
