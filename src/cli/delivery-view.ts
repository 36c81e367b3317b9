import type { AttemptItem, DeliveryItem, TargetItem } from './admin-types.ts';
import type { CommandContext } from './context.ts';
import { type Column, facts, table } from './table.ts';
import { painter, paintStatus, printable, relativeTime } from './text.ts';

/** On narrower terminals these columns would leave no room for what happened. */
const EVENT_FROM = 130;
const ROUTE_FROM = 150;

interface Shown {
  /** All are of one event, which need not be named. */
  isOneEvent?: boolean;
  /** Targets at which nothing is attempted. */
  standing?: ReadonlySet<string>;
}

export function deliveryTable(
  context: Pick<CommandContext, 'stdout'>,
  deliveries: readonly DeliveryItem[],
  { isOneEvent = false, standing = new Set() }: Shown = {},
): string {
  const now = Date.now();
  const { stdout } = context;
  const room = stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY;
  const event: Column<DeliveryItem> = { title: 'EVENT', cell: (delivery) => delivery.eventId };
  const route: Column<DeliveryItem> = { title: 'ROUTE', cell: (delivery) => delivery.route };
  const paint = painter(stdout);
  const columns: Column<DeliveryItem>[] = [
    { title: 'DELIVERY', cell: (delivery) => delivery.id },
    ...(!isOneEvent && room >= EVENT_FROM ? [event] : []),
    ...(!isOneEvent && room >= ROUTE_FROM ? [route] : []),
    { title: 'TARGET', cell: (delivery) => delivery.target },
    {
      title: 'STATUS',
      cell: (delivery) => delivery.status,
      paint: (delivery, text) => paintStatus(paint, delivery.status, text),
    },
    { title: 'ATTEMPTS', cell: (delivery) => attemptCount(delivery), align: 'right' },
    { title: 'CREATED', cell: (delivery) => relativeTime(delivery.createdAt, now) },
    { title: 'NEXT', cell: (delivery) => nextTry(delivery, standing, now) },
    { title: 'LAST', cell: (delivery) => lastWord(delivery) },
  ];
  return table(stdout, columns, deliveries);
}

/** One delivery in full, its attempts below. @param target its own, where that may be what it waits for */
export function deliveryDetail(context: CommandContext, delivery: DeliveryItem, target?: TargetItem): string {
  const { stdout } = context;
  const paint = painter(stdout);
  const now = Date.now();
  const when = (iso: string | null): string | null => (iso === null ? null : `${iso} (${relativeTime(iso, now)})`);
  const head = facts(stdout, [
    ['delivery', delivery.id],
    ['event', delivery.eventId],
    ['route', printable(delivery.route)],
    ['target', printable(delivery.target)],
    ['status', paintStatus(paint, delivery.status) + (delivery.reason === null ? '' : ` (${printable(delivery.reason)})`)],
    ['ordering key', delivery.orderingKey === null ? null : printable(delivery.orderingKey)],
    ['waits for', delivery.waitsFor ?? (target === undefined ? null : standstill(target, now))],
    ['attempts', attemptCount(delivery)],
    ['created', when(delivery.createdAt)],
    ['next attempt', isDue(delivery, now) ? `${delivery.nextAttemptAt} (due)` : when(delivery.nextAttemptAt)],
    ['finished', when(delivery.finishedAt)],
  ]);
  const attempts = delivery.history ?? (delivery.lastAttempt === null ? [] : [delivery.lastAttempt]);
  return attempts.length === 0 ? head : `${head}\n${attemptTable(context, attempts)}`;
}

/** Why nothing is attempted at a target; null where it is. */
export function standstill({ state, reason, nextProbeAt }: TargetItem, now: number): string | null {
  const why = reason === null ? '' : ` (${printable(reason)})`;
  if (state === 'paused') return `the target, which is paused${why}`;
  if (state !== 'open') return null;
  return `the target, whose breaker is open${why}${nextProbeAt === null ? '' : `; probed ${relativeTime(nextProbeAt, now)}`}`;
}

export function attemptTable(context: Pick<CommandContext, 'stdout'>, attempts: readonly AttemptItem[]): string {
  const now = Date.now();
  const columns: Column<AttemptItem>[] = [
    { title: 'ATTEMPT', cell: (attempt) => String(attempt.number), align: 'right' },
    { title: 'TRIGGER', cell: (attempt) => attempt.trigger },
    { title: 'STARTED', cell: (attempt) => relativeTime(attempt.startedAt, now) },
    { title: 'TOOK', cell: (attempt) => `${attempt.durationMs.toFixed(1)} ms`, align: 'right' },
    { title: 'OUTCOME', cell: (attempt) => attempt.outcome },
    { title: 'ANSWER', cell: answer },
  ];
  return table(context.stdout, columns, attempts);
}

function attemptCount(delivery: DeliveryItem): string {
  return delivery.maxAttempts === null ? String(delivery.attempts) : `${delivery.attempts}/${delivery.maxAttempts}`;
}

/** Whether it waits past its time: for a free place, for the pace of its target, or for the target itself. */
export function isDue({ status, nextAttemptAt }: DeliveryItem, now: number): boolean {
  return status === 'pending' && nextAttemptAt !== null && Date.parse(nextAttemptAt) <= now;
}

function nextTry(delivery: DeliveryItem, standing: ReadonlySet<string>, now: number): string {
  const { status, target, nextAttemptAt, waitsFor } = delivery;
  if (status === 'delivering') return 'now';
  if (isDue(delivery, now)) return standing.has(target) ? 'waits' : 'due';
  if (nextAttemptAt !== null) return relativeTime(nextAttemptAt, now);
  return waitsFor === null ? '-' : `after ${waitsFor}`;
}

/** What came back last; before it why nothing more is tried, where that is another thing. */
function lastWord({ status, reason, lastAttempt }: DeliveryItem): string {
  if (lastAttempt === null) return reason ?? '-';
  const last = answer(lastAttempt);
  const isStopped = status === 'held' || status === 'dead';
  if (!isStopped || reason === null || reason === lastAttempt.error?.code) return last;
  return reason === 'attempts_exhausted' ? last : `${reason} (${last})`; // of all reasons the usual one; ATTEMPTS shows it
}

function answer(attempt: AttemptItem): string {
  if (attempt.error === null) return attempt.statusCode === null ? attempt.outcome : String(attempt.statusCode);
  const body = attempt.response?.body.slice(0, 200).trim() ?? '';
  return body === '' ? attempt.error.message : `${attempt.error.message}: ${body}`;
}
