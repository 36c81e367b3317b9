import type { BreakerPolicy } from '../domain/breaker.ts';
import type { RetryPolicy } from '../domain/retry-policy.ts';
import type { Sender } from '../providers/sender.ts';
import type { BodyCheck } from './body-schema.ts';
import type { OrderingConfig } from './ordering.ts';
import type { OutgoingConfig } from './outgoing.ts';
import type { Rate } from './units.ts';

/** The configuration after loading: units resolved, secrets filled in, defaults applied. Times in ms, sizes in bytes. */
export interface Config {
  /** Absolute path of the file, or null for the quickstart. */
  file: string | null;
  listen: ListenAddress;
  /** Null for plain HTTP. */
  tls: TlsConfig | null;
  publicUrl: string | null;
  /** CIDR ranges whose X-Forwarded-For counts. */
  trustedProxies: readonly string[];
  admin: AdminConfig;
  storage: StorageConfig;
  /** `backlog`: pending deliveries of one route; a route may have its own. */
  limits: { body: number; headers: number; inFlight: number; backlog: number };
  /** Who is told about trouble; empty for nobody. */
  alerts: readonly AlertConfig[];
  /** What is masked wherever events are shown, on every route. */
  redact: RedactConfig;
  targets: ReadonlyMap<string, TargetConfig>;
  routes: ReadonlyMap<string, RouteConfig>;
}

/** What somebody may do in the admin API: look, or act too. */
export type AdminRole = 'viewer' | 'operator';

/** `admin.token` is called `admin`; several secrets may have one name, for rotation. */
export interface AdminToken {
  name: string;
  role: AdminRole;
  token: string;
}

/** Absolute paths of PEM files. */
export interface TlsConfig {
  certFile: string;
  keyFile: string;
}

export interface ListenAddress {
  host: string;
  port: number;
}

export interface AdminConfig {
  listen: ListenAddress;
  tokens: readonly AdminToken[];
  /** Standard Webhooks secrets that sign callbacks; empty: there are no callbacks. */
  callbackSecrets: readonly string[];
  /** Addresses and CIDR ranges that callbacks may reach although they are not public. */
  callbackAllow: readonly string[];
}

/** Somebody who is told about trouble, and what counts as it. */
export interface AlertConfig {
  /** Holds a secret: never show it, see `shownUrl`. */
  url: string;
  /** Its host alone. */
  shownUrl: string;
  format: 'json' | 'slack' | 'discord';
  /** Null for no such alert. */
  backlogAgeMs: number | null;
  /** Refusals of one route; null for no such alert. */
  refusals: Rate | null;
  quietMs: number;
}

/** What is not shown: names of headers in lower case, and paths into JSON bodies as the file has them. */
export interface RedactConfig {
  headers: readonly string[];
  body: readonly string[];
}

export interface StorageConfig {
  /** Absolute path of the database file. */
  file: string;
  minFree: number;
  retention: RetentionConfig;
  /** The first encrypts, all decrypt; empty: nothing is encrypted. Secrets. */
  encryption: readonly EncryptionKeyConfig[];
}

/** `text` is the key as it was configured. */
export interface EncryptionKeyConfig {
  id: string;
  key: Uint8Array;
  text: string;
}

/** Ages after which things go. `bodiesMs` null: with their events; `maxSize` null: no limit. */
export interface RetentionConfig {
  deliveredMs: number;
  deadMs: number;
  filteredMs: number;
  cancelledMs: number;
  bodiesMs: number | null;
  rejectionsMs: number;
  maxSize: number | null;
}

export interface TargetConfig {
  name: string;
  /** As configured, credentials included: never show it, see {@link shownUrl}. */
  url: string;
  /** The URL without user, password and query values. */
  shownUrl: string;
  timeoutMs: number;
  concurrency: number;
  retry: RetryPolicy;
  limits: TargetLimits;
  /** Null: deliveries go whenever there is room. */
  ordering: OrderingConfig | null;
  /** Standard Webhooks secrets; every one signs. Empty for no signing. */
  signingSecrets: readonly string[];
  outgoing: OutgoingConfig;
}

/** What is asked of a target beside its concurrency; null where there is no limit. */
export interface TargetLimits {
  /** Attempts that may start. */
  rate: Rate | null;
  /** Bytes of the bodies in running attempts. */
  inFlightBytes: number | null;
  /** Null: off. */
  breaker: BreakerPolicy | null;
}

export interface RouteConfig {
  name: string;
  path: string;
  methods: readonly string[];
  verify: VerifyConfig;
  dedup: DedupConfig;
  handshake: HandshakeConfig;
  deliver: readonly EdgeConfig[];
  /** Age at which finished events of the route go; null for those of the storage. */
  keepMs: number | null;
  /** Null in queue mode. */
  proxy: ProxyConfig | null;
  admission: AdmissionConfig;
  schema: SchemaConfig | null;
  /** Null for the standard answer. */
  respond: RespondConfig | null;
  /** What is masked of its events, with what is masked on every route. */
  redact: RedactConfig;
}

/** The sender waits for the answer of this target, for so long from the head of its request. */
export interface ProxyConfig {
  target: string;
  deadlineMs: number;
}

/** Whom and how much a route lets in, decided before a body is read. */
export interface AdmissionConfig {
  /** Addresses and CIDR ranges; null for everybody. */
  sources: readonly string[] | null;
  requireHttps: boolean;
  rateLimit: Rate | null;
  /** Pending deliveries past which nothing is taken. */
  backlog: number;
}

export interface SchemaConfig {
  /** Absolute path. */
  file: string;
  onInvalid: 'hold' | 'refuse';
  check: BodyCheck;
}

/** A route's own 2xx. `body` null: the standard one. */
export interface RespondConfig {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  body: string | null;
}

/** `none` only when it was written out. */
export type VerifyConfig = { provider: 'none' } | Sender;

/** What senders without a signature must know in a handshake; any of each. `verifyToken` holds secrets. */
export interface HandshakeConfig {
  verifyToken: readonly string[];
  topic: readonly string[];
}

/** Where a request's dedup key comes from. `preset` is the provider's own rule. */
export type DedupConfig =
  | { kind: 'none' }
  | { kind: 'preset'; windowMs: number }
  | { kind: 'header'; name: string; windowMs: number }
  | { kind: 'body-path'; path: string; windowMs: number }
  | { kind: 'body'; windowMs: number };

/** One edge from a route to a target. `events` null: all of them; an entry with `*` is a glob. */
export interface EdgeConfig {
  target: string;
  events: readonly string[] | null;
  /** How long after its event was received a delivery is due; left out: at once. */
  delayMs?: number;
  /** What is decided and changed at each attempt; left out: nothing. */
  rules?: EdgeRules;
}

/** Expressions are JSONata whose syntax was checked. */
export interface EdgeRules {
  filter: string | null;
  transform: { body: string | null; headers: string | null };
  /** Set in place of the sender's. */
  addHeaders: readonly (readonly [name: string, value: string])[];
  /** In lower case. */
  removeHeaders: readonly string[];
  /** Appended to the target's path; empty for nothing. */
  path: string;
}
