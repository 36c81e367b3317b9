import * as z from 'zod';
import { duration, number } from './leaves.ts';
import { limitKeys } from './limits-schema.ts';
import { ordering } from './ordering.ts';
import { outgoingKeys } from './outgoing-schema.ts';
import { retry } from './retry-schema.ts';
import { secrets, signingSecret } from './secrets.ts';
import { httpUrl } from './urls.ts';

const MINUTE = 60_000;

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
    ...limitKeys,
    retry: retry.prefault({}),
    ordering: ordering.optional(),
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
  .meta({
    expected:
      '{ url, timeout, concurrency, rateLimit, inFlight, breaker, ordering, retry, sign, auth, headers, tls, proxy, http2 }',
  });
