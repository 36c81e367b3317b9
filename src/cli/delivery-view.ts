import type { AttemptItem, DeliveryItem, TargetItem } from './admin-types.ts';
import type { CommandContext } from './context.ts';
import { type Column, facts, table } from './table.ts';
import { painter, paintStatus, printable, relativeTime } from './text.ts';

export function deliveryTable(context: CommandContext, deliveries: readonly DeliveryItem[]): string {
  const now = Date.now();
  const paint = painter(context.stdout);
  const columns: Column<DeliveryItem>[] = [
    { title: 'DELIVERY', cell: (delivery) => delivery.id },
    { title: 'TARGET', cell: (delivery) => delivery.target },
    {
      title: 'STATUS',
      cell: (delivery) => delivery.status,
      paint: (delivery, text) => paintStatus(paint, delivery.status, text),
    },
    { title: 'ATTEMPTS', cell: (delivery) => attemptCount(delivery), align: 'right' },
    { title: 'CREATED', cell: (delivery) => relativeTime(delivery.createdAt, now) },
    { title: 'NEXT', cell: (delivery) => nextTry(delivery, now) },
    { title: 'LAST', cell: (delivery) => lastWord(delivery) },
  ];
  return table(context.stdout, columns, deliveries);
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
    ['next attempt', when(delivery.nextAttemptAt)],
    ['finished', when(delivery.finishedAt)],
  ]);
  const attempts = delivery.history ?? (delivery.lastAttempt === null ? [] : [delivery.lastAttempt]);
  return attempts.length === 0 ? head : `${head}\n${attemptTable(context, attempts)}`;
}

/** Why nothing is attempted at a target; null where it is. */
function standstill({ state, reason, nextProbeAt }: TargetItem, now: number): string | null {
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

function nextTry({ nextAttemptAt, waitsFor }: DeliveryItem, now: number): string {
  if (nextAttemptAt !== null) return relativeTime(nextAttemptAt, now);
  return waitsFor === null ? '-' : `after ${waitsFor}`;
}

function lastWord(delivery: DeliveryItem): string {
  return delivery.lastAttempt === null ? (delivery.reason ?? '-') : answer(delivery.lastAttempt);
}

function answer(attempt: AttemptItem): string {
  if (attempt.error === null) return attempt.statusCode === null ? attempt.outcome : String(attempt.statusCode);
  const body = attempt.response?.body.slice(0, 200).trim() ?? '';
  return body === '' ? attempt.error.message : `${attempt.error.message}: ${body}`;
}
