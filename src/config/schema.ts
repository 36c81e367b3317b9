import * as z from 'zod';
import { alert } from './alert-schema.ts';
import { deliver } from './deliver-schema.ts';
import { backlog, doorKeys, tls } from './door-schema.ts';
import { handshake } from './handshake-schema.ts';
import { addressRange, choice, duration, listenAddress, size, text } from './leaves.ts';
import { routePath } from './paths.ts';
import { redact } from './redact-schema.ts';
import { adminToken, secrets, signingSecret } from './secrets.ts';
import { keep, storage } from './storage-schema.ts';
import { target } from './target-schema.ts';
import { formatDuration } from './units.ts';
import { baseUrl, NAME } from './urls.ts';
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

const namedToken = z
  .strictObject({
    name: text('a name, for example ana', NAME).meta({ description: 'Who it is, in the list of what was done.' }),
    token: secrets(adminToken).meta({ description: 'At least 16 characters. A list for rotation.' }),
    role: choice(['viewer', 'operator'])
      .prefault('viewer')
      .meta({ description: '`viewer` sees everything but secrets and changes nothing; `operator` may do everything.' }),
  })
  .meta({ expected: '{ name, token, role }' });

const admin = z
  .strictObject({
    listen: listenAddress()
      .prefault('127.0.0.1:8081')
      .meta({ description: 'The private listener: API, metrics, health. Changing it needs a restart.' }),
    token: secrets(adminToken).optional().meta({
      description:
        'The bearer token of the API, at least 16 characters; required unless the listener is loopback. A list for rotation. In the list of what was done it is called `admin`.',
    }),
    tokens: z.array(namedToken).prefault([]).meta({
      description: 'Further tokens, one for each person or program, with what they may do.',
      expected: 'a list of { name, token, role }',
    }),
    callbackSecret: secrets(signingSecret).optional().meta({
      description:
        'Signs what is posted to the `callbackUrl` of a bulk task, as Standard Webhooks has it; without it callbacks are refused. A list for rotation: every one signs.',
    }),
    callbackAllow: z.array(addressRange()).prefault([]).meta({
      description:
        'What a `callbackUrl` may reach although it is not public: loopback, private and link-local addresses are refused.',
      expected: 'a list of addresses or CIDR ranges, for example [10.0.0.0/8]',
    }),
  })
  .meta({ description: 'The private side.', expected: '{ listen, token, tokens, callbackSecret, callbackAllow }' });

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
    redact: redact.optional(),
    keep,
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
    redact: redact.optional(),
    targets: named(target, 'a map from names to targets: `app: { url: http://app:3000/hooks }`')
      .prefault({})
      .meta({ description: 'Where events can be delivered to, by name.' }),
    routes: named(route, 'a map from names to routes: `knowledgesdk: { path, verify, deliver }`')
      .refine((routes) => Object.keys(routes).length > 0, { error: 'at least one route' })
      .meta({ description: 'Where webhooks come in, by name.' }),
  })
  .meta({ expected: 'a map with `routes` and what else is needed' });

export type FileConfig = z.output<typeof fileSchema>;
