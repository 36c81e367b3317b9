import type { AttemptTrigger } from '../../domain/attempt.ts';
import type { Attempt, Delivery, ShownStatus } from '../api/types.ts';
import { clock, counted, duration } from './figures.ts';

/** A status as people say it; one of a newer relay is shown as it is. */
export const statusWords = (status: ShownStatus): string => status.replaceAll('_', ' ');

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
  filter: "the target's filter is not true of it",
  filter_not_matched: "the target's filter is not true of it",
};

/** Why a delivery is in its state; a reason that is not known here is shown as it is. */
function reasonWords(reason: string): string {
  const [code = '', detail] = reason.split(/: (.*)/s);
  if (code === 'schema_invalid') return `its body does not match the route's schema (${detail ?? 'no detail'})`;
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return known === undefined ? reason.replaceAll('_', ' ') : detail === undefined ? known : `${known} (${detail})`;
}

const TRIGGERS: Record<AttemptTrigger, string> & Record<string, string> = {
  initial: 'first attempt',
  retry: 'retry',
  manual: 'retried by hand',
  replay: 'replayed',
};

export const triggerWords = (trigger: AttemptTrigger | (string & {})): string =>
  TRIGGERS[trigger] ?? trigger.replaceAll('_', ' ');

/** `app answered 500 after 1.2s` */
export function attemptWords(target: string, { statusCode, durationMs, error }: Attempt): string {
  const after = durationMs < 1 ? 'within 1ms' : `after ${duration(durationMs)}`;
  if (statusCode !== null && (error === null || error.code === 'target_status'))
    return `${target} answered ${statusCode} ${after}`;
  if (statusCode !== null && error?.code === 'redirect') {
    return `${target} answered ${statusCode} ${after}; redirects are not followed`;
  }
  const what = error?.message ?? 'No answer';
  return `${target}: ${what.charAt(0).toLowerCase()}${what.slice(1)}, ${after}`;
}

/** How a delivery ended, in words that are the same for all that ended so: `answered 500`. */
export function failureWords({ lastAttempt, reason }: Delivery): string {
  const isExhausted = reason === null || reason === 'attempts_exhausted' || reason === lastAttempt?.error?.code;
  if (lastAttempt === null || (!isExhausted && lastAttempt.statusCode === null))
    return reasonWords(reason ?? 'no attempt was made');
  const { statusCode, error } = lastAttempt;
  if (statusCode !== null && error?.code === 'redirect') return `answered ${statusCode}, a redirect`;
  if (statusCode !== null && (error === null || error.code === 'target_status')) return `answered ${statusCode}`;
  return error === null ? reasonWords(reason ?? 'no answer') : error.code.replaceAll('_', ' ');
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
    case 'delivering':
      return `attempt ${attempts + 1} is running`;
    case 'delivered':
      return '';
    // A newer relay may know other ends than these.
    default:
      return reason === null ? '' : reasonWords(reason);
  }
}

const isDue = ({ nextAttemptAt }: Delivery, now: number): boolean => nextAttemptAt === null || Date.parse(nextAttemptAt) <= now;

function scheduleWords({ nextAttemptAt, attempts, maxAttempts, waitsFor }: Delivery, now: number): string {
  if (typeof waitsFor === 'string') return `waits for its turn: ${waitsFor} goes before it`;
  const which = `try ${attempts + 1}${maxAttempts === null ? '' : ` of ${maxAttempts}`}`;
  const wait = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now;
  if (nextAttemptAt === null || wait <= 0) return `${which} is due now`;
  return `${which} at ${clock(nextAttemptAt)} (in ${duration(wait)})`;
}
