import * as z from 'zod';
import { DEFAULT_RETRY, MOST_ATTEMPTS } from '../domain/retry-policy.ts';
import { parseStatusRule, type StatusRule } from '../domain/status-rules.ts';
import { choice, duration, type LeafResult, leaf, number } from './leaves.ts';
import { formatDuration } from './units.ts';

const DAY = 86_400_000;
const LONGEST_WAIT = 30 * DAY;
const { schedule } = DEFAULT_RETRY;

const STATUS = 'a status from 300 to 599, for example 408, 400-404, 5xx, or "!501" for all but this one';
const LIST = `a list with at least one of: ${STATUS}`;
const DELAYS = 'a list with at least one wait, for example [5s, 1m, 1h]';

/** What was probably meant by `50x`, `5**`, `not 501`, or undefined. */
function suggestStatus(text: string): string | undefined {
  const guess = text
    .trim()
    .replace(/^(not|no|-) ?/i, '!')
    .replace(/^(!?[345])(0x|\*\*?|00-[345]99|xx?)$/i, '$1xx')
    .replace(/ ?(\.\.|–|to) ?/, '-');
  return guess !== text && parseStatusRule(guess) !== null ? guess : undefined;
}

/** One rule about statuses; YAML reads a plain one as a number. */
function statusRule() {
  const json = { type: ['string', 'integer'], pattern: '^!?([345][xX]{2}|[345][0-9]{2}(-[345][0-9]{2})?)$', expected: STATUS };
  return leaf(json, (input): LeafResult<StatusRule> => {
    const text = typeof input === 'number' ? String(input) : input;
    if (typeof text !== 'string') return { problems: [{ code: 'bad_value', expected: STATUS }] };
    const rule = parseStatusRule(text);
    if (rule !== null) return { value: rule };
    const isSuccess = /^!?2(xx|[0-9]{2})$/i.test(text);
    const expected = isSuccess ? `${STATUS}; 2xx is always a success` : STATUS;
    const suggestion = suggestStatus(text);
    return { problems: [{ code: 'bad_value', expected, ...(suggestion !== undefined && { suggestion }) }] };
  });
}

const statuses = (description: string) =>
  z.array(statusRule()).min(1, { error: LIST }).optional().meta({ description, expected: LIST });

/** `retry` of a target. What has a default may be written or not, so contradictions are looked for in the file itself. */
export const retry = z
  .strictObject({
    attempts: number(1, MOST_ATTEMPTS, true)
      .optional()
      .meta({
        description: `Attempts in all, the first one counted. Left out: ${DEFAULT_RETRY.attempts}; with \`delays\` one more than there are delays; with \`duration\` as many as fit into it.`,
      }),
    duration: duration(1000, 90 * DAY)
      .optional()
      .meta({
        description:
          'How long a delivery is tried: its attempts and the waits between them. Time in which its target is paused does not count. Left out: no end but that of the attempts.',
      }),
    backoff: choice(['exponential', 'linear'])
      .prefault(schedule.kind)
      .meta({ description: 'How the waits grow: by `factor`, or by `initial` each time.' }),
    initial: duration(1, LONGEST_WAIT)
      .prefault(formatDuration(schedule.initialMs))
      .meta({ description: 'The wait after the first failure.' }),
    factor: number(1, 10, false)
      .prefault(schedule.factor)
      .meta({ description: 'What each wait is multiplied by, when they grow exponentially.' }),
    max: duration(1, LONGEST_WAIT).prefault(formatDuration(schedule.maxMs)).meta({ description: 'The longest wait.' }),
    delays: z.array(duration(1, LONGEST_WAIT)).min(1, { error: DELAYS }).optional().meta({
      description: 'Every wait written out, in place of backoff, initial, factor and max; the last one stays.',
      expected: DELAYS,
    }),
    jitter: number(0, 1, false)
      .prefault(DEFAULT_RETRY.jitter)
      .meta({ description: 'Share by which a wait is randomly moved, both ways; 0 for none.' }),
    retryAfterMax: duration(0, LONGEST_WAIT)
      .prefault(formatDuration(DEFAULT_RETRY.retryAfterMaxMs))
      .meta({ description: 'The longest wait that a target may ask for with Retry-After; 0s to pass it over.' }),
    retryOn: statuses('Statuses that are tried again; with it every other one is dead at once. Left out: all.'),
    deadOn: statuses('Statuses that are dead at once, whatever `retryOn` says.'),
    pauseOn: statuses(
      'Statuses that pause the target until somebody resumes it. The delivery spends nothing and waits for that too.',
    ),
  })
  .meta({
    description: 'How a failed delivery is tried again; what is left out has its default (together about three days).',
    expected: '{ attempts, duration, backoff, initial, factor, max, delays, jitter, retryAfterMax, retryOn, deadOn, pauseOn }',
  });
