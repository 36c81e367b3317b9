import pRetry from 'p-retry';
import type { ReloadResult } from './admin/ports.ts';
import { adminSettings } from './admin/settings.ts';
import { renderFault } from './config/fault.ts';
import { needRestart } from './config/reload.ts';
import { retentionAges } from './config/retention.ts';
import type { Config } from './config/types.ts';
import type { Parts, Present, RelayOptions } from './parts.ts';

/** A store that takes nothing for a while, on a full disk or behind a lock, is asked again. */
const RECONCILE_RETRIES = { retries: 20, minTimeout: 500, maxTimeout: 30_000 };
/** A request is read within 8 s and committed or refused within 4 s. */
const LONGEST_REQUEST_MS = 15_000;

/**
 * Deliveries of targets and routes that the configuration no longer has are held, those that it has again are freed.
 * Twice, because a request that began under the former configuration may be stored after the first time.
 */
export function reconcile(options: RelayOptions, parts: Parts, present: Present): void {
  void bringInLine(options, parts, present.config);
  present.cancelSecondLook();
  present.cancelSecondLook = options.clock.after(LONGEST_REQUEST_MS, () => void bringInLine(options, parts, present.config));
}

async function bringInLine({ logger }: RelayOptions, { store }: Parts, config: Config): Promise<void> {
  try {
    const moved = await pRetry(
      () => store.upkeep.reconcile([...config.targets.keys()], [...config.routes.keys()], orderedTargets(config)),
      RECONCILE_RETRIES,
    );
    if (moved > 0)
      logger.info(
        { deliveries: moved },
        'deliveries held or released, as their target, its ordering or their route is gone or back',
      );
  } catch (error) {
    logger.error({ err: error }, 'deliveries could not be brought in line with the configuration');
  }
}

function orderedTargets({ targets }: Config): [target: string, onDead: 'block' | 'skip'][] {
  return [...targets.values()].flatMap(({ name, ordering }) => (ordering === null ? [] : [[name, ordering.onDead]]));
}

/** One after the other, by signal or by API: an older file must not win over a newer one. */
export function reloadInTurn(options: RelayOptions, parts: Parts, present: Present): Promise<ReloadResult> {
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
      hint: 'The former configuration stays in effect, all of it: restart the relay, or take this change back.',
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
  dispatcher.reload(config.targets.values(), config.routes.values());
  listener.configure(config);
  admin.apply(adminSettings(config));
  alerts.configure(config.alerts, config.targets);
  store.upkeep.setAges(retentionAges(config));
}
