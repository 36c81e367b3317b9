import * as z from 'zod';
import { DEFAULT_RETRY } from '../domain/retry-policy.ts';
import { backlog, doorKeys, tls } from './door-schema.ts';
import { handshake } from './handshake-schema.ts';
import { addressRange, choice, duration, flag, listenAddress, number, size, text } from './leaves.ts';
import { routePath } from './paths.ts';
import { adminToken, secrets, signingSecret } from './secrets.ts';
import { formatDuration } from './units.ts';
import { baseUrl, httpUrl, NAME, targetReference } from './urls.ts';
import { HEADER_OR_BODY, verifySchema } from './verify-schema.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** How long dedup keys are remembered where the file does not say. KnowledgeSDK asks for 24 hours at least. */
export const DEDUP_WINDOW_MS = 7 * DAY;

/** How long a sender waits in proxy mode. KnowledgeSDK gives up at 6 s, and the answer has to get there. */
const DEFAULT_DEADLINE_MS = 5 * SECOND;

/** A map from names to `values`, said in `expected`. */
function named<T extends z.ZodType>(values: T, expected: string) {
  return z.record(z.string().regex(NAME), values).meta({ expected });
}

const storageUrl = text(
  'sqlite: and a path, for example sqlite:./data/hookbay.db',
  /^sqlite:(?!\/\/[^/])(?!:memory:)(?!.*[?#])[^\0]*[^/\0]$/,
  'bad_url',
);

const retention = z
  .strictObject({
    delivered: duration(MINUTE, 3650 * DAY)
      .prefault('14d')
      .meta({ description: 'How long an event is kept after its last delivery.' }),
    dead: duration(MINUTE, 3650 * DAY)
      .prefault('90d')
      .meta({ description: 'How long a dead letter is kept.' }),
    rejections: duration(MINUTE, 3650 * DAY)
      .prefault('3d')
      .meta({ description: 'How long a refused request is kept.' }),
  })
  .meta({ description: 'How long things are kept in the database.', expected: '{ delivered, dead, rejections }' });

const storage = z
  .strictObject({
    url: storageUrl
      .prefault('sqlite:./data/hookbay.db')
      .meta({ description: "The database file; a relative path starts at this file's folder. Changing it needs a restart." }),
    minFree: size(MIB, 1024 * GIB)
      .prefault('256MiB')
      .meta({
        description: 'With less free space than this on the disk, webhooks are refused with 503. Changing it needs a restart.',
      }),
    retention: retention.prefault({}),
  })
  .meta({ description: 'Where events are kept.', expected: '{ url, minFree, retention }' });

const admin = z
  .strictObject({
    listen: listenAddress()
      .prefault('127.0.0.1:8081')
      .meta({ description: 'The private listener: API, metrics, health. Changing it needs a restart.' }),
    token: secrets(adminToken).optional().meta({
      description:
        'The bearer token of the API, at least 16 characters; required unless the listener is loopback. A list for rotation.',
    }),
  })
  .meta({ description: 'The private side.', expected: '{ listen, token }' });

const limits = z
  .strictObject({
    body: size(KIB, GIB).prefault('10MiB').meta({ description: 'The largest body; past it 413.' }),
    headers: size(KIB, MIB)
      .prefault('16KiB')
      .meta({ description: 'The largest head of a request; past it 431. Changing it needs a restart.' }),
    inFlight: size(KIB, 64 * GIB)
      .prefault('256MiB')
      .meta({ description: 'The sum of all bodies being received; past it 503.' }),
    backlog: backlog().prefault(1_000_000).meta({
      description: 'How many deliveries of one route may be pending; past it that route answers 503, and the others go on.',
    }),
  })
  .meta({ description: 'Bounds of the public listener.', expected: '{ body, headers, inFlight, backlog }' });

const alert = z
  .strictObject({
    url: httpUrl().meta({
      description: 'Gets a POST when a first dead letter appears and when the storage has trouble. Shown by its host alone.',
    }),
  })
  .meta({ description: 'Who is told about trouble.', expected: '{ url }' });

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

const target = z
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
  })
  .meta({ expected: '{ url, timeout, concurrency, retry, sign }' });

const DEDUP_KEY = new RegExp(`${HEADER_OR_BODY.source}|^body$`);

const dedup = z
  .union([
    choice(['none', 'body']),
    z.strictObject({
      key: text('header:name, body:path or body', DEDUP_KEY)
        .optional()
        .meta({ description: "Where the key is found; without it the provider's own. `body` is a hash of the whole body." }),
      window: duration(SECOND, 365 * DAY)
        .prefault(formatDuration(DEDUP_WINDOW_MS))
        .meta({ description: 'How long a key is remembered, from the first event on.' }),
    }),
  ])
  .meta({
    description:
      "How duplicates are recognised. Left out: by the provider's own key, for 7 days. `body` is short for `{ key: body }`.",
    expected: 'none, body, or { key, window }',
  });

const EVENTS = 'a list with at least one event type, or no `events` at all for every event';

const edge = z.strictObject({
  target: targetReference().meta({ description: 'The name of a target, or a URL.' }),
  events: z
    .array(text('an event type, for example EXTRACTION_COMPLETED', /^[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?$/))
    .min(1, { error: EVENTS })
    .optional()
    .meta({
      description:
        "Only events of these types go to this target; the others are kept as filtered. The type is named by the provider (knowledgesdk: `event` in the body); an event without one, such as a post to KnowledgeSDK's callbackUrl, is in no list.",
      expected: EVENTS,
    }),
  answers: flag().optional().meta({
    description: 'In proxy mode with several targets: the one whose answer is passed back to the sender.',
  }),
});

const DELIVER = 'a target or a URL, { target, events, answers }, or a list of them';

const deliver = z
  .union([
    targetReference(),
    edge,
    z.array(z.union([targetReference(), edge]).meta({ expected: DELIVER })).min(1, { error: DELIVER }),
  ])
  .meta({
    description: 'Where events go. A URL makes a target of its own, with all defaults, which is named after the route.',
    expected: DELIVER,
  });

const METHODS = 'a list of methods, for example [POST, PUT]';

const route = z
  .strictObject({
    path: routePath().meta({ description: 'The public path, compared letter by letter. Each route has its own.' }),
    methods: z
      .array(choice(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']))
      .min(1, { error: METHODS })
      .prefault(['POST'])
      .meta({ description: 'The methods that are taken; others get 405.', expected: METHODS }),
    verify: verifySchema,
    dedup: dedup.optional(),
    handshake: handshake.optional(),
    mode: choice(['queue', 'proxy']).prefault('queue').meta({
      description:
        "What the sender is answered once the event is on disk. `queue`: the acknowledgement, at once. `proxy`: the target's 2xx answer, if it comes before `deadline`; otherwise the acknowledgement, and the delivery goes on from the queue.",
    }),
    deadline: duration(100, 25 * SECOND)
      .prefault(formatDuration(DEFAULT_DEADLINE_MS))
      .meta({
        description:
          "Only in proxy mode: how long the sender waits at most, from the head of its request on. Less than the sender's own patience; KnowledgeSDK gives up at 6 s.",
      }),
    deliver,
    ...doorKeys,
  })
  .meta({ expected: '{ path, verify, deliver }' });

/**
 * The configuration file: the one definition of it. Parsing, the published JSON Schema and the reference page come from here;
 * what concerns more than one value is in rules.ts.
 */
export const fileSchema = z
  .strictObject({
    listen: listenAddress().prefault('0.0.0.0:8080').meta({
      description: 'The public listener: takes webhooks and answers health, nothing else. Changing it needs a restart.',
    }),
    tls: tls.optional(),
    publicUrl: baseUrl().optional().meta({
      description:
        'Where senders reach the relay: told to targets as x-forwarded-proto and -host, shown on the page, and needed for providers that sign it.',
    }),
    trustedProxies: z.array(addressRange()).prefault([]).meta({
      description: 'Whose X-Forwarded-For and X-Forwarded-Proto count.',
      expected: 'a list of addresses or CIDR ranges, for example [10.0.0.0/8]',
    }),
    admin: admin.prefault({}),
    storage: storage.prefault({}),
    limits: limits.prefault({}),
    alert: alert.optional(),
    targets: named(target, 'a map from names to targets: `app: { url: http://app:3000/hooks }`')
      .prefault({})
      .meta({ description: 'Where events can be delivered to, by name.' }),
    routes: named(route, 'a map from names to routes: `knowledgesdk: { path, verify, deliver }`')
      .refine((routes) => Object.keys(routes).length > 0, { error: 'at least one route' })
      .meta({ description: 'Where webhooks come in, by name.' }),
  })
  .meta({ expected: 'a map with `routes` and what else is needed' });

export type FileConfig = z.output<typeof fileSchema>;
