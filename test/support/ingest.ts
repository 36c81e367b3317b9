import { connect, type Socket } from 'node:net';
import type { RouteConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type {
  AppendResult,
  HeaderList,
  NewEvent,
  NewRejection,
  PlannedDelivery,
  UnavailableReason,
} from '../../src/domain/event.ts';
import { Learning } from '../../src/ingest/learning.ts';
import { createPublicListener, type PublicListenerOptions, type PublicSettings } from '../../src/ingest/listener.ts';
import type { EventLog, LearnedSecret, SecretStore } from '../../src/ingest/ports.ts';
import { ReceivedRequest } from '../../src/ingest/received.ts';
import { type Sender, senderOf } from '../../src/providers/sender.ts';
import type { SourceText } from '../../src/providers/source.ts';

export const TOKEN = 'tok_first';
export const SECRET = 'hmac_first';
/** What a KnowledgeSDK route may have set. */
export interface KnowledgeSdkVerify {
  tokens: readonly string[];
  hmacSecrets: readonly string[];
  require: 'any' | 'all';
  hmacTemplate: string;
  hmacTimestamp: SourceText;
  toleranceMs: number;
}

export function verifyConfig(changes: Partial<KnowledgeSdkVerify> = {}): Sender {
  const { tokens = [TOKEN], hmacSecrets = [], hmacTemplate, hmacTimestamp, toleranceMs, require = 'any' } = changes;
  return senderOf('knowledgesdk', {
    token: tokens,
    hmac: hmacSecrets,
    require,
    ...(hmacTemplate === undefined ? {} : { message: hmacTemplate }),
    ...(hmacTimestamp === undefined ? {} : { timestamp: hmacTimestamp }),
    ...(toleranceMs === undefined ? {} : { toleranceMs }),
  });
}

export function routeConfig(changes: Partial<RouteConfig> = {}): RouteConfig {
  return {
    name: 'knowledgesdk',
    path: '/webhooks/knowledgesdk',
    methods: ['POST'],
    verify: verifyConfig(),
    dedup: { kind: 'preset', windowMs: 1_000 },
    handshake: { verifyToken: [], topic: [] },
    deliver: [{ target: 'app', events: null }],
    keepMs: null,
    proxy: null,
    admission: { sources: null, requireHttps: false, rateLimit: null, backlog: 1_000 },
    schema: null,
    respond: null,
    redact: { headers: [], body: [] },
    ...changes,
  };
}

export function settings(
  changes: Partial<PublicSettings['limits']> = {},
  routes = [routeConfig()],
  proxies: string[] = [],
): PublicSettings {
  return {
    routes: new Map(routes.map((route) => [route.name, route])),
    limits: { body: 1024 * 1024, headers: 16 * 1024, inFlight: 4 * 1024 * 1024, backlog: 1_000, ...changes },
    targets: new Map(),
    trustedProxies: proxies,
    tls: null,
  };
}

export function received(
  headers: HeaderList,
  body: Buffer | string = '',
  changes: Partial<ReceivedRequest> = {},
): ReceivedRequest {
  return new ReceivedRequest({
    route: 'knowledgesdk',
    receivedAt: Date.UTC(2026, 2, 20, 14, 30),
    method: 'POST',
    path: '/webhooks/knowledgesdk',
    query: '',
    peer: '192.0.2.1',
    contentType: null,
    headers,
    body: Buffer.from(body),
    ...changes,
  });
}

/** Remembers events and answers as it is told; `hold` keeps appends waiting until `release`. */
export class MemoryLog implements EventLog {
  readonly events: { event: NewEvent; deliveries: readonly PlannedDelivery[] }[] = [];
  refusing: UnavailableReason | null = null;
  /** Pending deliveries of every route. */
  backlog = 0;
  result: ((event: NewEvent, number: number) => AppendResult) | null = null;
  #holding: (() => void)[] | null = null;

  append(event: NewEvent, deliveries: readonly PlannedDelivery[]): Promise<AppendResult> {
    this.events.push({ event, deliveries });
    const number = this.events.length;
    const result = this.result?.(event, number) ?? { kind: 'accepted', eventId: `evt_${number}` };
    const holding = this.#holding;
    return new Promise((resolve) => (holding === null ? resolve(result) : holding.push(() => resolve(result))));
  }

  unavailable(): UnavailableReason | null {
    return this.refusing;
  }

  pending(): number {
    return this.backlog;
  }

  hold(): void {
    this.#holding = [];
  }

  release(): void {
    const holding = this.#holding ?? [];
    this.#holding = null;
    for (const resolve of holding) resolve();
  }
}

/** Keeps learned secrets as long as the test runs; `failing` makes it refuse. */
export class MemorySecrets implements SecretStore {
  learned: LearnedSecret[] = [];
  failing = false;

  learn(secret: LearnedSecret): Promise<void> {
    if (this.failing) return Promise.reject(new Error('the disk is full'));
    this.learned.push(secret);
    return Promise.resolve();
  }

  forget(route: string): Promise<void> {
    this.learned = this.learned.filter((each) => each.route !== route);
    return Promise.resolve();
  }
}

/** A running listener with everything it reports to. */
export async function startListener(changes: Partial<PublicListenerOptions> = {}) {
  const log = new MemoryLog();
  const rejections: NewRejection[] = [];
  const observed: unknown[][] = [];
  const lines: { level: string; message: string; record: object }[] = [];
  const line = (level: string) => (record: object, message: string) => void lines.push({ level, record, message });
  const learning = changes.learning ?? new Learning({ store: new MemorySecrets(), clock: systemClock, hide: () => undefined });
  const listener = createPublicListener({
    learning,
    confirmation: { confirm: () => Promise.resolve({ kind: 'failed', reason: 'nobody confirms here' }) },
    listen: { host: '127.0.0.1', port: 0 },
    settings: settings(),
    log,
    answers: { awaitAnswer: () => null },
    rejections: { record: (rejection) => void rejections.push(rejection) },
    observer: {
      accepted: (...args) => void observed.push(['accepted', ...args]),
      duplicate: (...args) => void observed.push(['duplicate', ...args]),
      proxied: (...args) => void observed.push(['proxied', ...args]),
      handshake: (...args) => void observed.push(['handshake', ...args]),
      rejected: (...args) => void observed.push(['rejected', ...args]),
    },
    logger: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    clock: systemClock,
    notReady: () => [],
    ...changes,
  });
  const { port } = await listener.start();
  return { listener, learning, log, rejections, observed, lines, port, url: `http://127.0.0.1:${port}` };
}

/** A plain socket: what is written goes out as it is, and all that comes back is kept. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** Waits until the text has come; rejects when the connection ends without it. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.socket.destroyed) throw new Error(`closed before '${text}' came: ${this.received}`);
      await new Promise<void>((resolve) => {
        this.socket.once('data', () => resolve());
        this.socket.once('close', () => resolve());
      });
    }
    return this.received;
  }
}
