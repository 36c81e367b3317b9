import { News } from './admin/news.ts';
import type { AdminPorts, ReloadResult } from './admin/ports.ts';
import { type AdminServer, createAdminServer } from './admin/server.ts';
import { adminSettings, redactionsOf } from './admin/settings.ts';
import { TargetViews } from './admin/target-views.ts';
import { createTasks, type Tasks } from './admin/tasks.ts';
import { createTestSender } from './admin/test-sender.ts';
import type { LoadResult } from './config/load.ts';
import { outgoingAddressGuard } from './config/outgoing-address.ts';
import { retentionAges } from './config/retention.ts';
import type { Config, ListenAddress } from './config/types.ts';
import { createDispatcher, type DeliveryDispatcher } from './deliver/dispatcher.ts';
import { createSigner } from './deliver/signing.ts';
import type { Clock } from './domain/clock.ts';
import { isListed } from './domain/event-types.ts';
import type { Logger } from './domain/logger.ts';
import { createConfirmation } from './ingest/confirmation.ts';
import { HttpKeys } from './ingest/http-keys.ts';
import { Learning } from './ingest/learning.ts';
import { createPublicListener, type PublicListener } from './ingest/listener.ts';
import { routesWithLearned } from './ingest/route-secrets.ts';
import { committedToo, deliverObserver, ingestObserver } from './observers.ts';
import type { HandOff } from './store/sqlite/ports.ts';
import { openStore, type Store } from './store/sqlite/store.ts';
import { type Alerts, createAlerts } from './telemetry/alerts.ts';
import { LiveFigures } from './telemetry/live-figures.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { reportOpened, storeObserver } from './telemetry/store-report.ts';

export interface RelayOptions {
  config: Config;
  logger: Logger & { isLevelEnabled(level: string): boolean };
  clock: Clock;
  /** Reads the configuration again. */
  reloadConfig(): Promise<LoadResult>;
  /** Where the built page is. */
  dashboardDir: string;
  build: { version: string; node: string };
  /** Keeps a secret out of the log from now on. */
  hideSecret(secret: string): void;
  memory(): { rss: number; heapUsed: number; external: number };
}

export interface Parts {
  metrics: Metrics;
  alerts: Alerts;
  store: Store;
  dispatcher: DeliveryDispatcher;
  targets: TargetViews;
  listener: PublicListener;
  learning: Learning;
  admin: AdminServer;
  tasks: Tasks;
  news: News;
  figures: LiveFigures;
}

/** What of the relay changes while it runs. */
export interface Present {
  config: Config;
  phase: 'starting' | 'running' | 'stopping';
  publicAddress: ListenAddress;
  cancelSecondLook(): void;
  /** The last reload that was asked for. */
  reloading: Promise<unknown>;
}

/** Puts the configuration as it is now into effect. */
type Reload = (parts: Parts) => Promise<ReloadResult>;

/** Builds the parts in the order in which an event meets them. */
export async function build(options: RelayOptions, present: Present, reload: Reload): Promise<Parts> {
  const { logger, clock, config } = { ...options, config: present.config };
  const late: { store?: Store; dispatcher?: DeliveryDispatcher; targets?: TargetViews } = {};
  const alerts = createAlerts({
    destinations: config.alerts,
    clock,
    logger,
    relay: () => present.config.publicUrl ?? instanceName(late.store),
  });
  const metrics = createMetrics(
    {
      targetCounts: async () => (await late.store?.history.targetCounts()) ?? [],
      now: () => clock.now(),
      ready: () => readiness(present, late.store).ready,
      memory: options.memory,
      alertsFiring: () => alerts.firing(),
      breakers: () => late.dispatcher?.breakers() ?? [],
    },
    options.build,
  );
  const news = new News(clock);
  const figures = new LiveFigures(() => clock.now());
  const told = { metrics, figures, alerts, news };
  const store = await openStore({
    file: config.storage.file,
    minFree: config.storage.minFree,
    ages: retentionAges(config),
    encryption: config.storage.encryption.map(({ id, key }) => ({ id, key })),
    handOff: handOffTo(() => late.dispatcher),
    observer: committedToo(storeObserver(metrics, alerts, logger), news),
    clock,
    targetsOf: (route, type) => targetsOf(present.config, route, type),
    configured: () => ({ targets: new Set(present.config.targets.keys()), routes: new Set(present.config.routes.keys()) }),
  });
  late.store = store;
  reportOpened(store.report, config.storage.file, logger, alerts);
  const dispatcher = createDispatcher({
    queue: store.queue,
    targets: config.targets.values(),
    routes: config.routes.values(),
    observer: deliverObserver(told),
    pausedByAnswer: (target, reason) => {
      late.targets?.pausedByAnswer(target, reason);
      alerts.targetPaused(target, reason);
    },
    breakers: store.breakers,
    logger,
    logSuccesses: logger.isLevelEnabled('debug'),
    clock,
    random: Math.random,
    publicInfo: { publicUrl: config.publicUrl, instance: instanceName(store) },
  });
  late.dispatcher = dispatcher;
  // Those that were open when the last run ended still are.
  for (const [target, { reason }] of store.report.openBreakers) {
    if (config.targets.has(target)) alerts.breakerOpened(target, reason);
  }
  const targets = targetViews(options, present, store, dispatcher, alerts);
  late.targets = targets;
  const learning = new Learning({ store: store.secrets, clock, hide: options.hideSecret });
  const listener = createPublicListener({
    listen: config.listen,
    settings: config,
    log: store.log,
    answers: dispatcher,
    rejections: store.rejections,
    observer: ingestObserver(told),
    logger,
    clock,
    keys: new HttpKeys({ clock, logger }),
    notReady: () => readiness(present, store).reasons,
    learning,
    confirmation: createConfirmation(),
  });
  const tasks = createTasks({
    work: store.tasks,
    databaseFile: config.storage.file,
    minFree: config.storage.minFree,
    maskOf: (route) => redactionsOf(present.config).of(route),
    callbacks: () => callbackSettings(present.config),
    observer: metrics.tasks,
    clock,
    logger,
  });
  const parts = { metrics, alerts, store, dispatcher, targets, listener, learning, tasks, news, figures };
  return { ...parts, admin: buildAdmin(options, present, parts, reload) };
}

function targetViews(
  { clock, logger }: RelayOptions,
  present: Present,
  store: Store,
  dispatcher: DeliveryDispatcher,
  alerts: Alerts,
): TargetViews {
  return new TargetViews(
    {
      configs: () => present.config.targets,
      running: (target) => dispatcher.view(target),
      counts: () => store.history.targetCounts(),
      storePause: (target, reason) => store.pause(target, reason),
      storeResume: (target) => store.resume(target),
      pause: (target, reason) => {
        dispatcher.pause(target, reason);
        alerts.targetPaused(target, reason);
      },
      resume: (target) => {
        dispatcher.resume(target);
        alerts.targetResumed(target);
      },
      clock,
      logger,
    },
    store.report.paused,
  );
}

function buildAdmin(options: RelayOptions, present: Present, parts: Omit<Parts, 'admin'>, reload: Reload): AdminServer {
  const { store, dispatcher, targets, metrics, alerts, tasks, learning, news, figures } = parts;
  const { logger, clock, dashboardDir, build } = options;
  const ports: AdminPorts = {
    history: store.history,
    operations: store.operations,
    deletions: deletionsOf(store, tasks),
    targets,
    dispatching: dispatcher,
    tasks,
    exports: tasks.exports,
    news,
    figures,
    backups: store.backups,
    audit: store.audit,
    test: createTestSender({
      routes: () => routesWithLearned(present.config.routes, learning),
      publicListener: () => ({ address: present.publicAddress, certFile: present.config.tls?.certFile ?? null }),
      clock,
    }),
    learning,
    reload: () => reload({ ...parts, admin }),
    readiness: () => readiness(present, store),
    metrics,
    alerts,
  };
  const admin = createAdminServer({
    ports,
    settings: adminSettings(present.config),
    listen: present.config.admin.listen,
    page: dashboardDir,
    version: build.version,
    logger,
    clock,
  });
  return admin;
}

function callbackSettings({ admin }: Config) {
  return { sign: createSigner(admin.callbackSecrets), guard: outgoingAddressGuard(admin.callbackAllow) };
}

/** A name that this relay keeps as long as its database. */
function instanceName(store: Store | undefined): string {
  return store === undefined ? 'hookbay' : `hookbay-${store.report.databaseId.slice(0, 8)}`;
}

/** A deletion is done when the files of exports, which may hold the events, are gone too. */
function deletionsOf({ deletions }: Store, { exports }: Tasks): AdminPorts['deletions'] {
  const swept = async <T>(deleting: Promise<T>): Promise<T> => {
    const result = await deleting;
    await exports.sweep();
    return result;
  };
  return {
    event: (id) => swept(deletions.event(id)),
    matching: (filter) => swept(deletions.matching(filter)),
    preview: (filter) => deletions.preview(filter),
  };
}

function readiness(present: Present, store: Store | undefined): { ready: boolean; reasons: string[] } {
  const reasons: string[] = [...(store?.health.troubles ?? [])];
  if (present.phase === 'starting') reasons.push('starting');
  if (present.phase === 'stopping') reasons.push('shutting_down');
  return { ready: reasons.length === 0, reasons };
}

/** The store is built before the dispatcher, which leases what waits when it starts. */
function handOffTo(dispatcher: () => DeliveryDispatcher | undefined): HandOff {
  return {
    reserve: (target, bytes, route) => dispatcher()?.reserve(target, bytes, route) ?? false,
    unreserve: (target, bytes) => dispatcher()?.unreserve(target, bytes),
    hand: (delivery) => dispatcher()?.hand(delivery),
    take: (delivery) => dispatcher()?.take(delivery) ?? false,
    withdraw: (id) => dispatcher()?.withdraw(id),
    cancel: (id) => dispatcher()?.cancel(id),
    wake: (target, dueAt) => dispatcher()?.wake(target, dueAt),
  };
}

function targetsOf(config: Config, route: string, type: string | null): string[] {
  const edges = config.routes.get(route)?.deliver ?? [];
  return edges.filter(({ events }) => isListed(type, events)).map(({ target }) => target);
}
