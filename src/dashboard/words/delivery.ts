import type { AttemptTrigger } from '../../domain/attempt.ts';
import type { Attempt, Delivery, ShownStatus } from '../api/types.ts';
import { clock, counted, duration } from './figures.ts';

export const STATUS_WORDS: Record<ShownStatus, string> = {
  pending: 'pending',
  delivering: 'delivering',
  delivered: 'delivered',
  dead: 'dead',
  filtered: 'filtered',
  cancelled: 'cancelled',
  held: 'held',
};

const REASONS: Record<string, string> = {
  duration_exhausted: 'the time for its retries is over',
  dead_on_status: 'a status in `deadOn` of its target is not tried again',
  status_not_retried: 'a status that is not in `retryOn` of its target is not tried again',
  request_invalid: 'the event cannot be sent as an HTTP request',
  loop: 'the event has come through this relay too often',
  cancelled: 'somebody cancelled it',
  discarded: 'somebody discarded it',
  event_damaged: 'the stored event is damaged',
  target_removed: 'its target is no longer configured',
  route_removed: 'its route is no longer configured',
  type_not_in_events: "its type is not in the target's list of events",
};

/** Why a delivery is in its state; a reason that is not known here is shown as it is. */
function reasonWords(reason: string): string {
  const [code, detail] = reason.split(/: (.*)/s);
  if (code === 'schema_invalid') return `its body does not match the route's schema (${detail ?? 'no detail'})`;
  return REASONS[reason] ?? reason.replaceAll('_', ' ');
}

const TRIGGERS: Record<AttemptTrigger, string> = {
  initial: 'first attempt',
  retry: 'retry',
  manual: 'retried by hand',
  replay: 'replayed',
};

export const triggerWords = (trigger: AttemptTrigger): string => TRIGGERS[trigger];

/** `app answered 500 after 1.2 s` */
export function attemptWords(target: string, { statusCode, durationMs, error }: Attempt): string {
  const after = `after ${duration(durationMs)}`;
  if (statusCode !== null && (error === null || error.code === 'target_status'))
    return `${target} answered ${statusCode} ${after}`;
  if (statusCode !== null && error?.code === 'redirect') {
    return `${target} answered ${statusCode} ${after}; redirects are not followed`;
  }
  const what = error?.message ?? 'No answer';
  return `${target}: ${what.charAt(0).toLowerCase()}${what.slice(1)}, ${after}`;
}

const LONGEST_ANSWER = 120;

/** How the body of the target's answer begins, on one line; empty when there is none. */
export function answerStart(attempt: Attempt | null): string {
  const text = (attempt?.response?.body ?? '').replace(/\s+/g, ' ').trim();
  return text.length <= LONGEST_ANSWER ? text : `${text.slice(0, LONGEST_ANSWER)}…`;
}

/**
 * What comes next, or why nothing does; empty when the status says it all.
 * @param stop what keeps its target from being tried, if anything
 */
export function outlookWords(delivery: Delivery, stop: 'paused' | 'down' | null = null, now = Date.now()): string {
  const { status, reason, attempts } = delivery;
  switch (status) {
    case 'pending':
      if (stop === 'paused') return `waits until ${delivery.target} is resumed`;
      return stop === 'down' && isDue(delivery, now)
        ? `waits until ${delivery.target} is up again`
        : scheduleWords(delivery, now);
    case 'dead': {
      const why = reason === null || reason === 'attempts_exhausted' ? '' : `: ${reasonWords(reason)}`;
      return `given up after ${counted(attempts, 'attempt')}${why}`;
    }
    case 'held':
      return `waits for a person${reason === null ? '' : `: ${reasonWords(reason)}`}`;
    case 'cancelled':
    case 'filtered':
      return reason === null ? '' : reasonWords(reason);
    case 'delivering':
      return `attempt ${attempts + 1} is running`;
    case 'delivered':
      return '';
    default:
      return status satisfies never;
  }
}

const isDue = ({ nextAttemptAt }: Delivery, now: number): boolean => nextAttemptAt === null || Date.parse(nextAttemptAt) <= now;

function scheduleWords({ nextAttemptAt, attempts, maxAttempts }: Delivery, now: number): string {
  const wait = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now;
  if (nextAttemptAt === null || wait <= 0) return 'due now';
  const which = maxAttempts === null ? '' : `, attempt ${attempts + 1} of ${maxAttempts}`;
  return `next try at ${clock(nextAttemptAt)} (in ${duration(wait)}${which})`;
}
