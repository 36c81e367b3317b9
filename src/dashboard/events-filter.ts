import { DELIVERY_STATUSES } from '../domain/delivery.ts';

/** As it stands in the address, so that a filtered list can be sent to somebody. Empty values filter nothing. */
export interface EventsFilter {
  route: string;
  type: string;
  status: string;
  q: string;
  /** One of {@link RANGES}, or `custom`, for which `from` and `to` count. */
  range: string;
  /** As a field for date and time has it, in the reader's zone: `2026-03-20T14:03`. */
  from: string;
  to: string;
  /** What is looked for in bodies. */
  body: string;
}

const MINUTE_MS = 60_000;

export const RANGES: readonly { name: string; label: string; ms: number }[] = [
  { name: '15m', label: 'last 15 minutes', ms: 15 * MINUTE_MS },
  { name: '1h', label: 'last hour', ms: 60 * MINUTE_MS },
  { name: '24h', label: 'last 24 hours', ms: 24 * 60 * MINUTE_MS },
  { name: '7d', label: 'last 7 days', ms: 7 * 24 * 60 * MINUTE_MS },
];

export function filterOf(query: URLSearchParams): EventsFilter {
  const value = (name: string): string => query.get(name) ?? '';
  const oneOf = (name: string, known: readonly string[]): string => (known.includes(value(name)) ? value(name) : '');
  return {
    route: value('route'),
    type: value('type'),
    status: oneOf('status', DELIVERY_STATUSES),
    q: value('q'),
    range: oneOf('range', [...RANGES.map(({ name }) => name), 'custom']),
    from: value('from'),
    to: value('to'),
    body: value('body'),
  };
}

/** For the address: times count only with a range of one's own. */
export function addressOf(filter: EventsFilter): Record<string, string> {
  return filter.range === 'custom' ? { ...filter } : { ...filter, from: '', to: '' };
}

export const isEmptyFilter = (filter: EventsFilter): boolean => Object.values(filter).every((value) => value === '');

const isoOf = (local: string): string => {
  const ms = Date.parse(local);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
};

/** What the API is asked for; a range counts back from `now`. Without the text for bodies. */
export function conditionsOf({ route, type, status, q, range, from, to }: EventsFilter, now: number): Record<string, string> {
  const span = RANGES.find(({ name }) => name === range);
  const times =
    range === 'custom'
      ? { from: isoOf(from), to: isoOf(to) }
      : { from: span === undefined ? '' : new Date(now - span.ms).toISOString(), to: '' };
  return { route, type, status, q, ...times };
}

/** Whether new events can match: a range that is over gets none. */
export const isOpenEnded = ({ range, to }: EventsFilter, now: number): boolean =>
  range !== 'custom' || isoOf(to) === '' || Date.parse(to) > now;
