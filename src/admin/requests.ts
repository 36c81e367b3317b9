import { z } from 'zod';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';
import type { DeliveryFilter } from '../domain/listing.ts';

/** What requests may hold. Query values arrive as text. */
const name = z.string().min(1).max(256);
const status = z.enum(DELIVERY_STATUSES);

const TIME_HINT = 'expected an ISO 8601 time, for example 2026-03-20T14:30:00Z';
const time = z
  .union([z.iso.datetime({ offset: true, error: TIME_HINT }), z.iso.date({ error: TIME_HINT })], { error: TIME_HINT })
  .transform((text) => Date.parse(text))
  .describe('ISO 8601 time, or a date (midnight UTC)');

/** More than this is more than a page shows; the answer of a page stays below a megabyte or so. */
const PAGE_LIMIT = 200;
const paging = {
  cursor: z.string().min(1).max(256).exactOptional().describe('`nextCursor` of the page before'),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT).default(50),
};

export const pageQuery = z.strictObject(paging);

export const eventsQuery = z.strictObject({
  route: name.exactOptional(),
  type: name.exactOptional(),
  status: status.exactOptional().describe('any of its deliveries has it'),
  q: name.exactOptional().describe('looked for in id, dedup key and type'),
  from: time.exactOptional().describe('inclusive'),
  to: time.exactOptional().describe('exclusive'),
  maxMs: z.coerce
    .number()
    .int()
    .min(10)
    .max(1_200)
    .exactOptional()
    .describe('how many ms to look at most; what was found by then is given, and `nextCursor` goes on from there'),
  ...paging,
});

export const searchQuery = z.strictObject({
  body: z
    .string()
    .min(1)
    .max(4096)
    .describe('a text that is somewhere in the body, or a JSON object or list that is contained in it'),
  route: name.exactOptional(),
  type: name.exactOptional(),
  status: status.exactOptional().describe('any of its deliveries has it'),
  q: name.exactOptional().describe('looked for in id, dedup key and type'),
  from: time.exactOptional().describe('inclusive'),
  to: time.exactOptional().describe('exclusive'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('how many to find at most'),
});

export const streamQuery = z.strictObject({
  route: name.exactOptional(),
  type: name.exactOptional(),
  q: name.exactOptional().describe('looked for in id, dedup key and type'),
  after: name.exactOptional().describe('id of an event: begin with the one stored after it. `Last-Event-ID` comes before it'),
  from: time.exactOptional().describe('begin with the first event that was received then, or later'),
  content: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('with headers and body, masked as the configuration says'),
  raw: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('`true`: without masks; for operators, and kept in the list of what they did'),
});

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 };
const DAY_MS = 86_400_000;

const span = z
  .string()
  .regex(/^[1-9]\d{0,5}[smh]$/, { error: 'expected a duration, for example "30m"' })
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.endsWith('h') ? 'h' : text.endsWith('m') ? 'm' : 's'])
  .pipe(z.number().min(5_000, { error: 'expected at least "5s"' }).max(DAY_MS, { error: 'expected at most "24h"' }));

/** More than a picture has room for. */
const MOST_STEPS = 1_000;

export const statsQuery = z
  .strictObject({
    window: span.default(30 * 60_000).describe('how far back the series goes: at most `24h`'),
    step: span.default(10_000).describe('what one entry of a series covers'),
  })
  .refine(({ window, step }) => window / step <= MOST_STEPS, { error: `expected at most ${MOST_STEPS} steps in the window` });

export const bodyQuery = z.strictObject({
  raw: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('`true`: the exact bytes, also where parts are masked; for operators, and kept in the list of what they did'),
});

export const deliveriesQuery = z.strictObject({
  status: status.exactOptional(),
  target: name.exactOptional(),
  route: name.exactOptional(),
  eventId: name.exactOptional(),
  from: time.exactOptional().describe('inclusive'),
  to: time.exactOptional().describe('exclusive'),
  ...paging,
});

export const rejectionsQuery = z.strictObject({
  route: name.exactOptional(),
  reason: name.exactOptional().describe('the `code` that the sender was answered with, for example `verification_failed`'),
  ...paging,
});

/** Ids in one request: 10,000 of them are 270 kB. */
const ids = z.array(name).min(1).max(10_000);

const replayFilter = z
  .strictObject({
    status: status.exactOptional(),
    target: name.exactOptional(),
    route: name.exactOptional(),
    type: name.exactOptional(),
    from: time.exactOptional(),
    to: time.exactOptional(),
    deliveryIds: ids.exactOptional(),
    eventIds: ids.exactOptional(),
    all: z.literal(true).exactOptional().describe('needed for a filter without conditions'),
  })
  .refine((filter) => (filter.all === true) === (Object.keys(filter).filter((key) => key !== 'all').length === 0), {
    error: 'a filter without conditions matches everything and needs "all": true; with conditions leave "all" out',
  });

/** The filter as the history knows it. */
export function deliveryFilter(filter: z.output<typeof replayFilter>): DeliveryFilter {
  const { all: _everything, ...conditions } = filter;
  return conditions;
}

const SECONDS_PER_UNIT = { s: 1, m: 60, h: 3600 };

const rate = z
  .string()
  .regex(/^[1-9]\d{0,5}\/[smh]$/, { error: 'expected a rate, for example "100/s"' })
  .transform((text) => {
    const [amount, unit] = text.split('/');
    return Number(amount) / SECONDS_PER_UNIT[unit === 'h' ? 'h' : unit === 'm' ? 'm' : 's'];
  })
  .describe('deliveries per second, minute or hour: `100/s`');

const targets = z.array(name).min(1).max(100);

const callbackUrl = z
  .url({ error: 'expected an http or https URL' })
  .max(2048)
  .describe('told when the task ends, with a signature of `admin.callbackSecret`');

export const exportsBody = z.strictObject({ filter: replayFilter, callbackUrl: callbackUrl.exactOptional() });

export const downloadQuery = z.strictObject({
  gzip: z.stringbool().default(false).describe('`true`: compressed, as a file of its own'),
});

export const replaysBody = z.strictObject({
  filter: replayFilter,
  targets: targets.exactOptional(),
  rateLimit: rate.exactOptional(),
  dryRun: z.boolean().default(false),
  callbackUrl: callbackUrl.exactOptional(),
});

export const replayEventBody = z.strictObject({ targets: targets.exactOptional() });

export const pauseBody = z.strictObject({ reason: z.string().max(500).exactOptional() });

export const testBody = z.strictObject({ type: name.exactOptional(), payload: z.unknown().exactOptional() });

/** A window is there for one action of an operator at the provider's page. */
export const armBody = z.strictObject({
  minutes: z.number().min(0).max(60).default(10).describe('how long a secret is taken from the sender, from now on; 0 ends it'),
});

export const loginBody = z.strictObject({ token: z.string().min(1).max(4096) });
