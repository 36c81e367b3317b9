import type { Logger } from '../domain/logger.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext, StopSignal } from './context.ts';

/** What running and ending a relay takes. */
export interface Stoppable {
  reload(): Promise<unknown>;
  stop(): Promise<void>;
  /** Settles when the relay cannot go on. */
  failed: Promise<Error>;
}

/**
 * Ctrl-C reaches a program started by npm twice within a few ms, from the terminal and from npm,
 * although it was pressed once.
 */
const ONE_PRESS_MS = 300;

/**
 * Starts something and keeps it until a signal ends it in order.
 * @throws CommandError when it fails by itself, an error was not caught, or a second signal cut the stop short;
 *   whatever `start` throws
 */
export async function untilStopped(
  context: CommandContext,
  relay: Stoppable,
  logger: Logger,
  start: () => Promise<void>,
): Promise<void> {
  const end = Promise.withResolvers<void>();
  let stopping: { at: number } | null = null;

  const stop = (signal: StopSignal): void => {
    if (stopping === null) {
      stopping = { at: performance.now() };
      logger.info({ signal }, 'stopping');
      relay.stop().then(end.resolve, end.reject);
    } else if (performance.now() - stopping.at > ONE_PRESS_MS) {
      end.reject(ended('cut_short', `A second signal (${signal}) cut the stop short: attempts in flight will be repeated.`));
    }
  };
  const hangUp = (): void => {
    if (context.stdout.isTTY) stop('SIGHUP');
    else relay.reload().catch((error: unknown) => logger.error({ err: error }, 'reload failed'));
  };
  context.onSignal((signal) => (signal === 'SIGHUP' ? hangUp() : stop(signal)));
  context.onUncaught((error) => {
    logger.error({ err: error }, 'uncaught error');
    end.reject(
      ended('uncaught', 'An error was not caught, see the log. What is on disk will be delivered after the next start.', error),
    );
  });
  relay.failed.then((error) => end.reject(ended('relay_failed', error.message, error)), end.reject);

  // Loading code and configuration leaves 10 MiB behind, which would lie there until the heap has grown much larger.
  context.collectGarbage();
  // A signal that comes while it starts ends the wait; stopping waits for the start by itself.
  await Promise.race([start().then(() => end.promise), end.promise]);
  logger.info({}, 'stopped');
}

function ended(code: string, message: string, cause?: unknown): CommandError {
  return new CommandError({ exitCode: 1, code, message }, { cause });
}
