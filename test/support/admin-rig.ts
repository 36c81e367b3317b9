import { Readable } from 'node:stream';
import { News } from '../../src/admin/news.ts';
import type {
  AdminPorts,
  AdminSettings,
  AlertTest,
  AlertView,
  Backup,
  ReloadResult,
  Targets,
  TargetView,
  TestAnswer,
} from '../../src/admin/ports.ts';
import { type AdminServer, createAdminServer } from '../../src/admin/server.ts';
import type { AdminToken } from '../../src/config/types.ts';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { redactions } from '../../src/domain/redaction.ts';
import { Learning } from '../../src/ingest/learning.ts';
import { LiveFigures } from '../../src/telemetry/live-figures.ts';
import { MemorySecrets } from './ingest.ts';
import { MemoryHistory } from './memory-history.ts';

/** What a test may see and set of the parts behind the admin API. */
interface Parts {
  store: MemoryHistory;
  settings: AdminSettings;
  running: Set<string>;
  sent: { route: string; type: string | null; payload: unknown }[];
  wakes: number;
  reload: ReloadResult;
  notReady: string[];
  paused: Map<string, string | null>;
  secrets: MemorySecrets;
  learning: Learning;
  news: News;
  figures: LiveFigures;
  alerts: AlertView[];
  alertTests: AlertTest[];
}

export interface AdminRig extends Parts {
  url: string;
  server: AdminServer;
  log: { level: string; message: string; record: object }[];
  close(): Promise<void>;
}

interface RigOptions {
  /** A text is the token of an operator called `admin`. */
  tokens?: readonly (string | AdminToken)[];
  page?: string | null;
  host?: string;
  port?: number;
  clock?: Clock;
  ports?: Partial<AdminPorts>;
}

const target = (name: string, reason: string | null | undefined): TargetView => ({
  ...{ name, url: 'http://app:3000/hooks', state: reason === undefined ? 'healthy' : 'paused', since: null },
  ...{
    reason: reason ?? null,
    nextProbeAt: null,
    concurrency: 16,
    rateLimit: null,
    inFlight: 0,
    maxAttempts: 24,
    counts: { pending: 1 },
    oldestDueAt: null,
  },
});

export function operators(...tokens: readonly string[]): AdminToken[] {
  return tokens.map((token) => ({ name: 'admin', role: 'operator', token }));
}

const APP_EDGE = { target: 'app', events: null, filter: null, transforms: false, path: null, delayMs: null };

function newParts(given: readonly (string | AdminToken)[], clock: Clock): Parts {
  const tokens = given.flatMap((token) => (typeof token === 'string' ? operators(token) : [token]));
  const settings: AdminSettings = {
    tokens,
    routes: [
      {
        ...{ name: 'knowledgesdk', path: '/webhooks/knowledgesdk', url: null, methods: ['POST'], provider: 'knowledgesdk' },
        ...{ dedup: 'preset', dedupWindowMs: 604_800_000, deliver: [APP_EDGE] },
      },
      {
        ...{ name: 'notion', path: '/webhooks/notion', url: 'https://hooks.example.com/webhooks/notion', methods: ['POST'] },
        ...{ provider: 'notion', dedup: 'preset', dedupWindowMs: 1_000, deliver: [APP_EDGE] },
      },
    ],
    attempts: new Map([
      ['app', 24],
      ['audit', 3],
    ]),
    callbacks: { secrets: [], allow: [] },
    redactions: redactions(new Map(), { headers: [], body: [] }),
    encrypted: false,
    shownConfig: { listen: '127.0.0.1:8080', admin: { token: '[hidden]' } },
  };
  const store = new MemoryHistory({ targetsOf: () => ['app'] });
  const secrets = new MemorySecrets();
  const learning = new Learning({ store: secrets, clock, hide: () => undefined });
  const empty = { running: new Set<string>(), sent: [], wakes: 0, notReady: [], paused: new Map(), alerts: [], alertTests: [] };
  return {
    store,
    settings,
    secrets,
    learning,
    news: new News(clock),
    figures: new LiveFigures(() => clock.now()),
    ...empty,
    reload: { kind: 'applied' },
  };
}

function targetsOf({ settings, paused }: Parts): Targets {
  const known = (name: string) => (settings.attempts.has(name) ? target(name, paused.get(name)) : null);
  return {
    list: async () => [...settings.attempts.keys()].map((name) => target(name, paused.get(name))),
    get: async (name) => known(name),
    pause: async (name, reason) => {
      if (settings.attempts.has(name)) paused.set(name, reason);
      return known(name);
    },
    resume: async (name) => {
      paused.delete(name);
      return known(name);
    },
  };
}

function portsOf(parts: Parts): AdminPorts {
  const wake = () => {
    parts.wakes += 1;
  };
  const send = async (route: string, event: { type: string | null; payload: unknown }): Promise<TestAnswer> => {
    if (route !== 'knowledgesdk') return { kind: 'missing' };
    parts.sent.push({ route, ...event });
    return { kind: 'answered', statusCode: 200, eventId: 'evt_1', code: null };
  };
  return {
    history: parts.store.history,
    operations: parts.store.operations,
    deletions: parts.store.deletions,
    targets: targetsOf(parts),
    dispatching: { isRunning: (id) => parts.running.has(id) },
    tasks: { wake },
    exports: {
      open: async ({ bytes }) =>
        bytes === 0 ? { kind: 'gone' } : { kind: 'found', bytes, stream: () => Readable.from([Buffer.alloc(bytes, '\n')]) },
      keptUntil: ({ status, finishedAt }) => (status === 'completed' && finishedAt !== null ? finishedAt + 86_400_000 : null),
    },
    audit: { record: (entry) => void parts.store.did(entry) },
    news: parts.news,
    figures: parts.figures,
    backups: { make: async () => smallFile() },
    test: { send },
    learning: parts.learning,
    reload: async () => parts.reload,
    readiness: () => ({ ready: parts.notReady.length === 0, reasons: parts.notReady }),
    alerts: { list: () => parts.alerts, test: async () => parts.alertTests },
    metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', metrics: async () => 'hookbay_ready 1\n' },
  };
}

/** Ports over a store in memory, for an app that is only looked at. */
export const adminPorts = (): AdminPorts => portsOf(newParts([], systemClock));

/** A real private listener on loopback over a store in memory. */
export async function adminRig(options: RigOptions = {}): Promise<AdminRig> {
  const parts = newParts(options.tokens ?? ['correct-horse-battery'], options.clock ?? systemClock);
  const log: AdminRig['log'] = [];
  const logged = (level: string) => (record: object, message: string) => void log.push({ level, message, record });
  const server = createAdminServer({
    ports: { ...portsOf(parts), ...options.ports },
    ...{ settings: parts.settings, page: options.page ?? null, version: '1.2.3', clock: options.clock ?? systemClock },
    listen: { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
    logger: { debug: logged('debug'), info: logged('info'), warn: logged('warn'), error: logged('error') },
  });
  const { port } = await server.start();
  return Object.assign(parts, { url: `http://127.0.0.1:${port}`, server, log, close: () => server.close(0) });
}

/** What stands for a copy of the database where there is none. */
const smallFile = (): Backup => ({ size: 4, read: () => Readable.from([Buffer.from('copy')]), discard: async () => undefined });

export const BEARER = { authorization: 'Bearer correct-horse-battery' };
