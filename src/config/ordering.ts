import * as z from 'zod';
import { choice, text } from './leaves.ts';
import { HEADER_OR_BODY } from './verify-schema.ts';

/**
 * Which deliveries of a target go one after the other: those of one route, or those in which this place in the request has
 * the same value.
 */
export type OrderingSource = { kind: 'route' } | { kind: 'header'; name: string } | { kind: 'body-path'; path: string };

/** `onDead`: whether the deliveries behind a dead letter of their key wait for an operator. */
export interface OrderingConfig {
  by: OrderingSource;
  onDead: 'block' | 'skip';
}

const BY = new RegExp(`${HEADER_OR_BODY.source}|^route$`);
const SHORT = new RegExp(`${BY.source}|^none$`);
/** One event that a target will never take must not stop everything behind it. */
const DEFAULT_ON_DEAD = 'skip';

/** The `ordering` of a target. */
export const ordering = z
  .union([
    text('none, route, header:name or body:path', SHORT),
    z.strictObject({
      by: text('route, header:name or body:path', BY).meta({
        description: 'Deliveries go one at a time per route, or per value of this place; events without it are not ordered.',
      }),
      onDead: choice(['block', 'skip']).prefault(DEFAULT_ON_DEAD).meta({
        description:
          'After a dead letter the next one of its key goes on (`skip`), or all of them wait until an operator retries or discards it (`block`).',
      }),
    }),
  ])
  .meta({
    description:
      'Whether deliveries go in the order in which their events were accepted, one at a time per key; a retry keeps its place. `route` is short for `{ by: route }`.',
    expected: 'none, route, header:name, body:path, or { by, onDead }',
  });

export function resolveOrdering(written: z.output<typeof ordering> | undefined): OrderingConfig | null {
  if (written === undefined || written === 'none') return null;
  if (typeof written === 'string') return { by: sourceOf(written), onDead: DEFAULT_ON_DEAD };
  return { by: sourceOf(written.by), onDead: written.onDead };
}

function sourceOf(by: string): OrderingSource {
  if (by === 'route') return { kind: 'route' };
  const where = by.slice(by.indexOf(':') + 1);
  return by.startsWith('header:') ? { kind: 'header', name: where.toLowerCase() } : { kind: 'body-path', path: where };
}

/** As it stands in the file. */
export function orderingShown(ordering: OrderingConfig | null): object | string {
  return ordering === null ? 'none' : { by: shownSource(ordering.by), onDead: ordering.onDead };
}

function shownSource(by: OrderingSource): string {
  switch (by.kind) {
    case 'route':
      return 'route';
    case 'header':
      return `header:${by.name}`;
    case 'body-path':
      return `body:${by.path}`;
    default:
      return by satisfies never;
  }
}
