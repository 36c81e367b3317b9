import { z } from 'zod';
import { ALERT_KINDS } from '../domain/alert-book.ts';
import { DELIVERY_STATUSES } from '../domain/delivery.ts';

/** What the API answers: the shapes of the OpenAPI document. Times are ISO 8601 UTC. */
const time = z.iso.datetime();
const headers = z.array(z.tuple([z.string(), z.string()]));
const counts = z.partialRecord(z.enum(DELIVERY_STATUSES), z.int());

export const attempt = z
  .strictObject({
    number: z.int(),
    trigger: z.enum(['initial', 'retry', 'manual', 'replay']),
    startedAt: time,
    durationMs: z.number(),
    outcome: z.enum(['delivered', 'retry', 'dead', 'paused']),
    statusCode: z.int().nullable(),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    response: z.strictObject({ headers, body: z.string(), truncated: z.boolean() }).nullable(),
  })
  .meta({ id: 'Attempt' });

const deliveryFields = {
  id: z.string(),
  eventId: z.string(),
  route: z.string(),
  target: z.string(),
  status: z.enum([...DELIVERY_STATUSES, 'delivering']),
  reason: z.string().nullable(),
  attempts: z.int().describe('made so far, all budgets together'),
  maxAttempts: z
    .int()
    .nullable()
    .describe('at which it becomes a dead letter; null when only a duration ends its retries, or its target is not configured'),
  nextAttemptAt: time.nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
  orderingKey: z.string().nullable().describe('deliveries of its target with this key go one at a time, in order'),
  waitsFor: z.string().nullable().describe('the delivery at the front of its key, while this one waits for it'),
  lastAttempt: attempt.nullable(),
};

export const delivery = z.strictObject(deliveryFields).meta({ id: 'Delivery' });
export const deliveryDetail = z.strictObject({ ...deliveryFields, history: z.array(attempt) }).meta({ id: 'DeliveryDetail' });

const eventFields = {
  id: z.string(),
  route: z.string(),
  type: z.string().nullable(),
  dedupKey: z.string().nullable(),
  receivedAt: time,
  method: z.string(),
  path: z.string(),
  query: z.string(),
  peer: z.string(),
  contentType: z.string().nullable(),
  size: z.int(),
  sha256: z
    .string()
    .nullable()
    .describe('of the body; null for an encrypted event in lists, where bodies are masked, and when it is gone'),
  bodyGone: z.boolean().describe('body and headers went before the event; path, query and peer are empty then'),
  duplicates: z.int(),
  conflicts: z.int(),
};

export const event = z.strictObject({ ...eventFields, statuses: counts }).meta({ id: 'Event' });
export const fedEvent = z
  .strictObject({
    ...eventFields,
    deliveries: z.array(delivery),
    headers: headers.exactOptional(),
    bodyBase64: z.string().exactOptional(),
    redacted: z.boolean().exactOptional().describe('true where the route masks parts of the body'),
  })
  .meta({ id: 'StreamedEvent', description: 'Headers and body only where they were asked for, and are not damaged.' });
export const eventDetail = z.strictObject({ ...eventFields, headers, deliveries: z.array(delivery) }).meta({ id: 'EventDetail' });

export const exportedEvent = z
  .strictObject({
    ...eventFields,
    headers,
    deliveries: z.array(
      z.strictObject({
        id: z.string(),
        target: z.string(),
        status: z.enum(DELIVERY_STATUSES),
        reason: z.string().nullable(),
        attempts: z.int(),
        createdAt: time,
        finishedAt: time.nullable(),
      }),
    ),
    body: z.string().exactOptional().describe('the exact body, where it is UTF-8'),
    bodyBase64: z.string().exactOptional().describe('the exact body, where it is not UTF-8'),
    redacted: z.literal(true).exactOptional().describe('the body is masked by `redact`'),
  })
  .meta({ id: 'ExportedEvent' });

export const task = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['replay', 'export']),
    status: z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']),
    matched: z.int().describe('deliveries of a replay, events of an export'),
    done: z.int(),
    failed: z.int().describe('of the matched ones: could not be replayed, or were gone before they were exported'),
    createdAt: time,
    finishedAt: time.nullable(),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable().describe('why it failed'),
    resultUrl: z.string().nullable().describe('where the file of a completed export is'),
    resultExpiresAt: time.nullable().describe('when that file is removed'),
    callback: z
      .strictObject({ url: z.string().describe('its host alone'), state: z.enum(['waiting', 'told', 'given_up']) })
      .nullable(),
  })
  .meta({ id: 'Task' });

export const rejection = z
  .strictObject({
    id: z.string(),
    route: z.string().nullable(),
    at: time,
    reason: z.string(),
    explanation: z.string(),
    peer: z.string(),
    status: z.int(),
    headers,
    bodyStart: z.string(),
  })
  .meta({ id: 'Rejection' });

export const alert = z
  .strictObject({
    id: z.string().describe('of this firing: the same in its reminders and in its end'),
    kind: z.enum(ALERT_KINDS),
    state: z.enum(['firing', 'resolved', 'noted']).describe('`noted`: it has happened once and has no end'),
    key: z.string().describe('what it is about: at most one alert of a key fires'),
    target: z.string().nullable(),
    route: z.string().nullable(),
    summary: z.string(),
    detail: z.record(z.string(), z.union([z.string(), z.number()]).nullable()),
    since: time,
    endedAt: time.nullable(),
  })
  .meta({ id: 'Alert' });

export const alertTest = z.strictObject({
  to: z.string().describe('the host of the URL; the rest is hidden'),
  format: z.enum(['json', 'slack', 'discord']),
  outcome: z.enum(['delivered', 'failed']),
  code: z.string().nullable().describe('why it failed'),
});

export const target = z
  .strictObject({
    name: z.string(),
    url: z.string().describe('credentials hidden'),
    state: z
      .enum(['healthy', 'retrying', 'open', 'half_open', 'paused'])
      .describe(
        '`retrying`: its last attempt failed. `healthy`: it succeeded, or there was none since the start. `open`: its breaker lets nothing through until a probe. `half_open`: the next attempt is the probe',
      ),
    since: time.nullable().describe('null while nothing was attempted since the start'),
    reason: z
      .string()
      .nullable()
      .describe('why it is paused or its breaker open, what failed last, or that nothing was attempted'),
    nextProbeAt: time.nullable().describe('while `open`'),
    concurrency: z.int(),
    rateLimit: z.string().nullable().describe('attempts that may start, for example `100/s`'),
    inFlight: z.int(),
    maxAttempts: z.int().nullable().describe('null when only a duration ends its retries'),
    counts,
    oldestDueAt: time.nullable(),
  })
  .meta({ id: 'Target' });

const learning = {
  armedUntil: time.nullable().describe('until when a secret is taken from the sender; null when none is'),
  learnedAt: time.nullable(),
  hasSecret: z.boolean().describe('whether the sender has handed one over'),
};

export const learningShown = z.strictObject(learning).meta({ id: 'Learning' });

export const handshake = z
  .strictObject({
    ...learning,
    verificationToken: z
      .string()
      .nullable()
      .describe("what has to be typed into the provider's page (Notion); for an hour after it came"),
  })
  .meta({ id: 'Handshake' });

const edge = z.strictObject({
  target: z.string(),
  events: z.array(z.string()).nullable(),
  filter: z.string().nullable().describe('JSONata; what it is not true of is filtered'),
  transforms: z.boolean().describe('whether the target gets another body or other headers than the sender sent'),
  path: z.string().nullable().describe("appended to the target's path"),
  delayMs: z.int().nullable().describe('from receipt to the first attempt'),
});

export const route = z
  .strictObject({
    name: z.string(),
    path: z.string(),
    url: z.string().nullable().describe('where senders reach it, when `publicUrl` is configured'),
    methods: z.array(z.string()),
    provider: z.string(),
    dedup: z.string(),
    dedupWindowMs: z.int().nullable(),
    deliver: z.array(edge),
    acceptedAt: time.nullable().describe('of the last event since the start'),
    rejectedAt: time.nullable().describe('of the last refusal since the start'),
    handshake: learningShown.nullable().describe('null for a provider that hands no secret over'),
  })
  .meta({ id: 'Route' });

const numbers = z.array(z.int());
const latencies = z.array(z.number().nullable());

const targetSeries = z
  .strictObject({ delivered: numbers, failed: numbers, dead: numbers, p50Ms: latencies, p99Ms: latencies })
  .describe('attempts and their durations');

export const stats = z
  .strictObject({
    at: time,
    totals: counts,
    oldestDueAt: time.nullable(),
    series: z
      .strictObject({
        at: z.array(time).describe('the beginning of each step, oldest first; the last one is not over'),
        accepted: numbers,
        duplicates: numbers,
        rejected: numbers,
        delivered: numbers,
        failed: numbers.describe('attempts that will be made again'),
        dead: numbers,
        ackP50Ms: latencies,
        ackP99Ms: latencies,
      })
      .describe('what happened since the start; null where nothing was measured'),
    targets: z.array(
      z.strictObject({
        target: z.string(),
        counts,
        oldestDueAt: time.nullable(),
        series: targetSeries.nullable().describe('null when nothing was attempted since the start'),
      }),
    ),
  })
  .meta({ id: 'Stats' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('stable; match on this'),
    detail: z.string(),
    hint: z.string().optional(),
    faults: z.array(z.string()).optional(),
  })
  .meta({ id: 'Problem' });

export const deleted = z
  .strictObject({
    deleted: z.int().describe('events'),
    cancelled: z.int().describe('deliveries of them that were pending, held or dead'),
    rejections: z.int().describe('refused requests with the same body'),
    erased: z
      .boolean()
      .describe('no byte is left in the files. False while another program reads the database: it is tried again'),
  })
  .meta({ id: 'Deleted' });
export const deletionPreview = z.strictObject({ matched: z.int(), sample: z.array(event) });
export const settings = z
  .strictObject({
    encrypted: z.boolean().describe('bodies, headers, dedup keys and answers are encrypted in the database'),
    bodySearch: z.boolean().describe('whether bodies can be searched; not while they are encrypted'),
  })
  .meta({ id: 'Settings' });
export const replayPreview = z.strictObject({ matched: z.int(), sample: z.array(delivery) });
export const taskStarted = z.strictObject({ taskId: z.string(), status: z.literal('pending') });
export const testAnswer = z.strictObject({
  statusCode: z.int().describe('what the route answered'),
  eventId: z.string().nullable(),
  code: z.string().nullable().describe('why it was refused'),
});

/** A page of a list, newest first. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), nextCursor: z.string().nullable() });

export const identity = z
  .strictObject({ name: z.string(), role: z.enum(['viewer', 'operator']) })
  .meta({ id: 'Identity', description: 'Who calls; `local` where no token is configured.' });

export const audit = z
  .strictObject({
    id: z.string(),
    at: time,
    actor: z.string(),
    peer: z.string(),
    action: z.string(),
    subject: z.string().nullable(),
    status: z.int(),
    detail: z.string(),
  })
  .meta({ id: 'AuditEntry', description: 'What somebody did; `detail` is the beginning of the request as JSON.' });
