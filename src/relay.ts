import type { ReloadResult } from './admin/ports.ts';
import type { ListenAddress } from './config/types.ts';
import type { Clock } from './domain/clock.ts';
import { watchClock } from './domain/clock-watch.ts';
import { HookbayError } from './domain/errors.ts';
import { build, type Parts, type Present, type RelayOptions } from './parts.ts';
import { reconcile, reloadInTurn } from './reload.ts';

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

async function startParts(options: RelayOptions, fail: (error: HookbayError) => void): Promise<Running> {
  const present: Present = {
    config: options.config,
    phase: 'starting',
    publicAddress: options.config.listen,
    cancelSecondLook: () => undefined,
    reloading: Promise.resolve(),
  };
  const parts = await build(options, present, (built) => reloadInTurn(options, built, present));
  const { store, dispatcher, listener, admin, tasks, alerts } = parts;
  void store.broken.then(async (error) => {
    options.logger.error({ code: error.code, error: error.message }, 'store broken');
    listener.drain(); // who waits is answered 503 while the alert is on its way
    await Promise.all([alerts.close(ALERT_GRACE_MS), pause(options.clock, DRAIN_MS)]);
    fail(error);
  });
  const stopWatch = keepTime(options, parts);
  try {
    dispatcher.start();
    tasks.start();
    reconcile(options, parts, present);
    alerts.watch(() => store.history.targetCounts());
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

function keepTime({ clock, logger }: RelayOptions, { metrics, store, tasks }: Parts): () => void {
  let moving = Promise.resolve(); // one after the other
  const watch = watchClock(clock, {
    jumped(byMs) {
      store.upkeep.suspend(true);
      tasks.exports.suspend(true);
      metrics.store.clockJumped();
      logger.warn({ byMs }, 'the wall clock jumped: nothing is removed for its age until it is stable');
      if (byMs < 0) moving = moving.then(() => moveDueTimes(byMs, store, logger));
    },
    stable() {
      store.upkeep.suspend(false);
      tasks.exports.suspend(false);
      logger.info({}, 'the wall clock is stable again');
    },
  });
  store.upkeep.watchClock(() => watch.look());
  return () => watch.stop();
}

/**
 * Due times are stored as wall times. Set back by an hour, the clock would make everything wait an hour more. Set forward, it
 * makes things due early, once, which a machine that has slept wants: so then nothing is moved.
 */
async function moveDueTimes(byMs: number, store: Parts['store'], logger: RelayOptions['logger']): Promise<void> {
  try {
    const moved = await store.upkeep.clockSetBack(byMs);
    logger.info({ byMs, deliveries: moved }, 'due times moved along with the clock');
  } catch (error) {
    logger.error({ byMs, err: error }, 'due times could not be moved: deliveries come late');
  }
}

/** In reverse: nothing comes in, what runs is finished, what is known is written. */
async function stopParts(
  clock: Clock,
  { metrics, alerts, store, dispatcher, targets, listener, admin, tasks }: Parts,
): Promise<void> {
  const attempts = dispatcher.stop({ graceMs: ATTEMPT_GRACE_MS });
  await pause(clock, DRAIN_MS);
  listener.drain();
  const taskStep = Promise.race([tasks.stop(), pause(clock, ATTEMPT_GRACE_MS)]); // on a hanging disk it does not end
  await Promise.all([listener.close(), taskStep, attempts]);
  await admin.close(ADMIN_GRACE_MS);
  targets.close();
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
