import pRetry from 'p-retry';
import type { AdminPorts, ReloadResult } from './admin/ports.ts';
import { createReplayRunner, type ReplayRunner } from './admin/replay-task.ts';
import { type AdminServer, createAdminServer } from './admin/server.ts';
import { adminSettings } from './admin/settings.ts';
import { TargetViews } from './admin/target-views.ts';
import { createTestSender } from './admin/test-sender.ts';
import { renderFault } from './config/fault.ts';
import type { LoadResult } from './config/load.ts';
import { needRestart } from './config/reload.ts';
import type { Config, ListenAddress } from './config/types.ts';
import { createDispatcher, type DeliveryDispatcher } from './deliver/dispatcher.ts';
import type { Clock } from './domain/clock.ts';
import { watchClock } from './domain/clock-watch.ts';
import { HookbayError } from './domain/errors.ts';
import type { Logger } from './domain/logger.ts';
import { createPublicListener, type PublicListener } from './ingest/listener.ts';
import type { HandOff } from './store/sqlite/ports.ts';
import { openStore, type Store } from './store/sqlite/store.ts';
import { type Alerts, createAlerts } from './telemetry/alerts.ts';
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
  memory(): { rss: number; heapUsed: number; external: number };
}

export interface Relay {
  /** Resolves with the addresses once webhooks are taken. */
  start(): Promise<{ public: ListenAddress; admin: ListenAddress }>;
  /** Puts the configuration as it is now into effect, all of it or nothing. */
  reload(): Promise<ReloadResult>;
  /** Ends in order; the same promise for everybody who asks. */
  stop(): Promise<void>;
  /** Resolves when the relay cannot go on and the process must end with an error. */
  failed: Promise<HookbayError>;
}

/** From 'not ready' to the first 503, so that a load balancer can look elsewhere. */
const DRAIN_MS = 250;
/** A container is killed 10 s after it was told to stop. */
const ATTEMPT_GRACE_MS = 8_000;
/** A store that takes nothing for a while, on a full disk or behind a lock, is asked again. */
const RECONCILE_RETRIES = { retries: 20, minTimeout: 500, maxTimeout: 30_000 };
/** A request is read within 8 s and committed or refused within 4 s. */
const LONGEST_REQUEST_MS = 15_000;
const ALERT_GRACE_MS = 1_000;
const ADMIN_GRACE_MS = 500;
/** Writing what is left takes milliseconds, unless the disk hangs. */
const STORE_GRACE_MS = 1_000;

/** Joins the parts, in the order in which an event meets them. */
export function createRelay(options: RelayOptions): Relay {
  const failed = Promise.withResolvers<HookbayError>();
  let starting: Promise<Running> | null = null;
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    const running = await starting?.catch(() => null);
    await running?.stop();
  };
  return {
    async start() {
      starting ??= startParts(options, (error) => failed.resolve(error));
      return (await starting).addresses;
    },
    async reload() {
      if (starting === null || stopping !== null) throw new Error('The relay is not running');
      return (await starting).reload();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
    failed: failed.promise,
  };
}

interface Running {
  addresses: { public: ListenAddress; admin: ListenAddress };
  reload(): Promise<ReloadResult>;
  stop(): Promise<void>;
}

interface Parts {
  metrics: Metrics;
  alerts: Alerts;
  store: Store;
  dispatcher: DeliveryDispatcher;
  listener: PublicListener;
  admin: AdminServer;
  replays: ReplayRunner;
}

/** What of the relay changes while it runs. */
interface Present {
  config: Config;
  phase: 'starting' | 'running' | 'stopping';
  publicAddress: ListenAddress;
  cancelSecondLook(): void;
  /** The last reload that was asked for. */
  reloading: Promise<unknown>;
}

async function startParts(options: RelayOptions, fail: (error: HookbayError) => void): Promise<Running> {
  const present: Present = {
    config: options.config,
    phase: 'starting',
    publicAddress: options.config.listen,
    cancelSecondLook: () => undefined,
    reloading: Promise.resolve(),
  };
  const parts = await build(options, present);
  const { store, dispatcher, listener, admin, replays, alerts } = parts;
  void store.broken.then(async (error) => {
    options.logger.error({ code: error.code, error: error.message }, 'store broken');
    listener.drain(); // who waits is answered 503 while the alert is on its way
    await Promise.all([alerts.close(ALERT_GRACE_MS), pause(options.clock, DRAIN_MS)]);
    fail(error);
  });
  const stopWatch = keepTime(options, parts);
  try {
    dispatcher.start();
    replays.start();
    reconcile(options, parts, present);
    const adminAddress = await admin.start();
    present.publicAddress = await listener.start();
    present.phase = 'running';
    return {
      addresses: { public: present.publicAddress, admin: adminAddress },
      reload: () => reloadInTurn(options, parts, present),
      stop: async () => {
        present.phase = 'stopping';
        stopWatch();
        present.cancelSecondLook();
        await stopParts(options.clock, parts);
      },
    };
  } catch (error) {
    stopWatch();
    present.cancelSecondLook();
    await stopParts(options.clock, parts);
    throw error;
  }
}

async function build(options: RelayOptions, present: Present): Promise<Parts> {
  const { logger, clock, config } = { ...options, config: present.config };
  const alerts = createAlerts({ url: config.alert?.url ?? null, clock, logger });
  const late: { store?: Store; dispatcher?: DeliveryDispatcher } = {};
  const metrics = createMetrics(
    {
      targetCounts: async () => (await late.store?.history.targetCounts()) ?? [],
      now: () => clock.now(),
      ready: () => readiness(present, late.store).ready,
      memory: options.memory,
    },
    options.build,
  );
  const store = await openStore({
    file: config.storage.file,
    minFree: config.storage.minFree,
    ages: config.storage.retention,
    handOff: handOffTo(() => late.dispatcher),
    observer: storeObserver(metrics, alerts, logger),
    clock,
    targetsOf: (route, type) => targetsOf(present.config, route, type),
    configured: () => ({ targets: new Set(present.config.targets.keys()), routes: new Set(present.config.routes.keys()) }),
  });
  late.store = store;
  reportOpened(store.report, config.storage.file, logger, alerts);
  const dispatcher = createDispatcher({
    queue: store.queue,
    targets: config.targets.values(),
    observer: {
      ...metrics.deliver,
      dead(target, deliveryId, reason) {
        metrics.deliver.dead(target, deliveryId, reason);
        alerts.deadLetter(target, deliveryId, reason);
      },
    },
    logger,
    logSuccesses: logger.isLevelEnabled('debug'),
    clock,
    random: Math.random,
    publicInfo: { publicUrl: config.publicUrl, instance: `hookbay-${store.report.databaseId.slice(0, 8)}` },
  });
  late.dispatcher = dispatcher;
  const listener = createPublicListener({
    listen: config.listen,
    settings: config,
    log: store.log,
    rejections: store.rejections,
    observer: metrics.ingest,
    logger,
    clock,
    notReady: () => readiness(present, store).reasons,
  });
  const replays = createReplayRunner({ work: store.replays, clock, logger });
  const parts = { metrics, alerts, store, dispatcher, listener, replays };
  return { ...parts, admin: buildAdmin(options, present, parts) };
}

function buildAdmin(options: RelayOptions, present: Present, parts: Omit<Parts, 'admin'>): AdminServer {
  const { store, dispatcher, metrics, replays } = parts;
  const { logger, clock, dashboardDir, build } = options;
  const targets = new TargetViews(
    {
      configs: () => present.config.targets,
      running: (target) => dispatcher.view(target),
      counts: () => store.history.targetCounts(),
      storePause: (target, reason) => store.pause(target, reason),
      storeResume: (target) => store.resume(target),
      pause: (target, reason) => dispatcher.pause(target, reason),
      resume: (target) => dispatcher.resume(target),
      now: () => clock.now(),
    },
    store.report.paused,
  );
  const ports: AdminPorts = {
    history: store.history,
    operations: store.operations,
    targets,
    dispatching: dispatcher,
    replays,
    test: createTestSender({ routes: () => present.config.routes, publicAddress: () => present.publicAddress, clock }),
    reload: () => reloadInTurn(options, { ...parts, admin }, present),
    readiness: () => readiness(present, store),
    metrics,
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

function readiness(present: Present, store: Store | undefined): { ready: boolean; reasons: string[] } {
  const reasons: string[] = [...(store?.health.troubles ?? [])];
  if (present.phase === 'starting') reasons.push('starting');
  if (present.phase === 'stopping') reasons.push('shutting_down');
  return { ready: reasons.length === 0, reasons };
}

/** The store is built before the dispatcher, which leases what waits when it starts. */
function handOffTo(dispatcher: () => DeliveryDispatcher | undefined): HandOff {
  return {
    reserve: (target, bytes) => dispatcher()?.reserve(target, bytes) ?? false,
    unreserve: (target, bytes) => dispatcher()?.unreserve(target, bytes),
    hand: (delivery) => dispatcher()?.hand(delivery),
    withdraw: (id) => dispatcher()?.withdraw(id),
    cancel: (id) => dispatcher()?.cancel(id),
    wake: (target, dueAt) => dispatcher()?.wake(target, dueAt),
  };
}

function targetsOf(config: Config, route: string, type: string | null): string[] {
  const edges = config.routes.get(route)?.deliver ?? [];
  return edges.filter(({ events }) => events === null || (type !== null && events.includes(type))).map(({ target }) => target);
}

/**
 * Deliveries of targets and routes that the configuration no longer has are held, those that it has again are freed.
 * Twice, because a request that began under the former configuration may be stored after the first time.
 */
function reconcile(options: RelayOptions, parts: Parts, present: Present): void {
  void bringInLine(options, parts, present.config);
  present.cancelSecondLook();
  present.cancelSecondLook = options.clock.after(LONGEST_REQUEST_MS, () => void bringInLine(options, parts, present.config));
}

async function bringInLine({ logger }: RelayOptions, { store }: Parts, config: Config): Promise<void> {
  try {
    const moved = await pRetry(
      () => store.upkeep.reconcile([...config.targets.keys()], [...config.routes.keys()]),
      RECONCILE_RETRIES,
    );
    if (moved > 0) logger.info({ deliveries: moved }, 'deliveries held or released, as their target or route is gone or back');
  } catch (error) {
    logger.error({ err: error }, 'deliveries could not be brought in line with the configuration');
  }
}

function keepTime({ clock, logger }: RelayOptions, { metrics, store }: Parts): () => void {
  return watchClock(clock, {
    jumped(byMs) {
      store.upkeep.suspend(true);
      metrics.store.clockJumped();
      logger.warn({ byMs }, 'the wall clock jumped: nothing is removed for its age until it is stable');
    },
    stable() {
      store.upkeep.suspend(false);
      logger.info({}, 'the wall clock is stable again');
    },
  });
}

/** One after the other, by signal or by API: an older file must not win over a newer one. */
function reloadInTurn(options: RelayOptions, parts: Parts, present: Present): Promise<ReloadResult> {
  const result = present.reloading.then(() => reload(options, parts, present));
  present.reloading = result.catch(() => undefined);
  return result;
}

async function reload(options: RelayOptions, parts: Parts, present: Present): Promise<ReloadResult> {
  const loaded = await options.reloadConfig();
  if (!loaded.ok) {
    const message = 'The configuration has faults; the present one stays in effect';
    options.logger.error({ faults: loaded.faults.map(({ code, path }) => ({ code, path })) }, 'reload refused');
    return { kind: 'refused', code: 'configuration_faults', message, faults: loaded.faults.map((fault) => renderFault(fault)) };
  }
  const fixed = needRestart(present.config, loaded.config);
  if (fixed.length > 0) {
    options.logger.error({ settings: fixed }, 'reload refused: these settings need a restart');
    return {
      kind: 'refused',
      code: 'restart_required',
      message: `A restart is needed to change ${fixed.join(', ')}`,
      faults: [],
    };
  }
  try {
    apply(parts, loaded.config);
  } catch (error) {
    apply(parts, present.config);
    throw error;
  }
  present.config = loaded.config;
  parts.dispatcher.releaseQueued(); // what belongs to a route that is gone is held when it is leased again
  options.logger.info({ file: loaded.config.file }, 'configuration reloaded');
  reconcile(options, parts, present);
  return { kind: 'applied' };
}

/** The dispatcher first, so that no request meets a route whose target is not there yet. */
function apply({ dispatcher, listener, admin, alerts, store }: Parts, config: Config): void {
  dispatcher.reload(config.targets.values());
  listener.configure(config);
  admin.apply(adminSettings(config));
  alerts.setUrl(config.alert?.url ?? null);
  store.upkeep.setAges(config.storage.retention);
}

/** In reverse: nothing comes in, what runs is finished, what is known is written. */
async function stopParts(clock: Clock, { metrics, alerts, store, dispatcher, listener, admin, replays }: Parts): Promise<void> {
  const attempts = dispatcher.stop({ graceMs: ATTEMPT_GRACE_MS });
  await pause(clock, DRAIN_MS);
  listener.drain();
  await Promise.all([listener.close(), replays.stop(), attempts]);
  await admin.close(ADMIN_GRACE_MS);
  const closed = await Promise.race([store.close().then(() => true), pause(clock, STORE_GRACE_MS).then(() => false)]);
  await alerts.close(ALERT_GRACE_MS);
  metrics.close();
  if (closed) return;
  throw new HookbayError({
    code: 'stop_incomplete',
    status: 500,
    message: 'The store could not be closed in time: the disk hangs, or another program holds the database',
    hint: 'Nothing that was acknowledged is lost. Attempts whose results were not written are repeated after the next start.',
  });
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
