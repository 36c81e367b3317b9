import { formatId } from '../../domain/ids.ts';
import type { Found, Page } from '../../domain/listing.ts';
import { KEY_AGE_MS } from './idempotency.ts';
import type { ReaderClient } from './reader-client.ts';
import type { Reads } from './reader-protocol.ts';
import type { OnceResult } from './task-protocol.ts';
import type { DeliveryView, TaskView } from './views.ts';

type Read<Name extends keyof Reads> = (...args: Parameters<Reads[Name]>) => Promise<ReturnType<Reads[Name]>>;

/** What can be read of the past, newest first. Rejects with a HookbayError. */
export interface History {
  events: Read<'events'>;
  event: Read<'event'>;
  feed: Read<'feed'>;
  search: Read<'search'>;
  body(id: string): Promise<Found<{ contentType: string | null; body: Buffer }>>;
  deliveries: Read<'deliveries'>;
  delivery: Read<'delivery'>;
  rejections: Read<'rejections'>;
  audit: Read<'audit'>;
  tasks(...args: Parameters<Reads['tasks']>): Promise<Page<TaskView>>;
  task(id: string): Promise<Found<TaskView>>;
  matchReplay: Read<'match'>;
  targetCounts: Read<'targetCounts'>;
  remembered(scope: string, key: string, now: number): Promise<Remembered | null>;
}

/** What was answered to a request with an idempotency key. */
export interface Remembered {
  /** Hex, of the request's body. */
  bodySha256: string;
  answer: { kind: 'task'; id: string } | { kind: 'deliveries'; deliveries: DeliveryView[] };
}

export function historyOver(reader: ReaderClient): History {
  return {
    events: (...args) => reader.ask('events', ...args),
    event: (...args) => reader.ask('event', ...args),
    feed: (...args) => reader.ask('feed', ...args),
    search: (...args) => reader.ask('search', ...args),
    body: async (id) => {
      const found = await reader.ask('body', id);
      if (found.kind !== 'found') return found;
      const { contentType, body } = found.value;
      return { kind: 'found', value: { contentType, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) } };
    },
    deliveries: (...args) => reader.ask('deliveries', ...args),
    delivery: (...args) => reader.ask('delivery', ...args),
    audit: (...args) => reader.ask('audit', ...args),
    rejections: (...args) => reader.ask('rejections', ...args),
    tasks: (...args) => reader.ask('tasks', ...args),
    task: async (id) => {
      const found = await reader.ask('task', id);
      return found.kind === 'found' ? { kind: 'found', value: found.value.view } : found;
    },
    matchReplay: (...args) => reader.ask('match', ...args),
    targetCounts: () => reader.ask('targetCounts'),
    remembered: async (scope, key, now) => {
      const row = await reader.ask('remembered', scope, key, now - KEY_AGE_MS);
      if (row === null) return null;
      const result = JSON.parse(row.result) as OnceResult;
      const answer: Remembered['answer'] =
        result.kind === 'task'
          ? { kind: 'task', id: formatId('task', row.created_at, result.task) }
          : { kind: 'deliveries', deliveries: await reader.ask('views', result.deliveries) };
      return { bodySha256: row.body_sha256, answer };
    },
  };
}
