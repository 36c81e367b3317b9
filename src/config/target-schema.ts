import * as z from 'zod';
import { DEFAULT_RETRY } from '../domain/retry-policy.ts';
import { duration, number } from './leaves.ts';
import { outgoingKeys } from './outgoing-schema.ts';
import { secrets, signingSecret } from './secrets.ts';
import { formatDuration } from './units.ts';
import { httpUrl } from './urls.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const retry = z
  .strictObject({
    attempts: number(1, 1000, true)
      .prefault(DEFAULT_RETRY.attempts)
      .meta({ description: 'Attempts in all, the first one counted.' }),
    initial: duration(1, 7 * DAY)
      .prefault(formatDuration(DEFAULT_RETRY.initialMs))
      .meta({ description: 'The wait after the first failure.' }),
    factor: number(1, 10, false).prefault(DEFAULT_RETRY.factor).meta({ description: 'What each wait is multiplied by.' }),
    max: duration(1, 7 * DAY)
      .prefault(formatDuration(DEFAULT_RETRY.maxMs))
      .meta({ description: 'The longest wait.' }),
    jitter: number(0, 1, false)
      .prefault(DEFAULT_RETRY.jitter)
      .meta({ description: 'Share by which a wait is randomly moved, both ways.' }),
  })
  .meta({
    description: 'How a failed delivery is tried again; what is left out has its default (together about three days).',
    expected: '{ attempts, initial, factor, max, jitter }',
  });

/** One target under `targets`. */
export const target = z
  .strictObject({
    url: httpUrl().meta({
      description: 'Where events are posted. User, password and query values are hidden wherever it is shown.',
    }),
    timeout: duration(10, 10 * MINUTE)
      .prefault('30s')
      .meta({ description: 'The deadline of one whole attempt.' }),
    concurrency: number(1, 1000, true).prefault(16).meta({ description: 'Attempts that may run at once.' }),
    retry: retry.prefault({}),
    sign: z
      .strictObject({
        secret: secrets(signingSecret).meta({ description: 'Every secret in it signs. An empty one counts as not configured.' }),
      })
      .optional()
      .meta({
        description: 'Signs what is sent, as Standard Webhooks has it.',
        expected: '{ secret: "${HOOKBAY_SIGNING_SECRET}" }',
      }),
    ...outgoingKeys,
  })
  .meta({ expected: '{ url, timeout, concurrency, retry, sign, auth, headers, tls, proxy, http2 }' });
