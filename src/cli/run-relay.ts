import { secretsOf } from '../config/effective.ts';
import type { LoadResult } from '../config/load.ts';
import { redactedHeaders } from '../config/redact-schema.ts';
import type { Config } from '../config/types.ts';
import { systemClock } from '../domain/clock.ts';
import { createRelay, type Relay } from '../relay.ts';
import { createLogger, logStyle } from '../telemetry/log.ts';
import { reachable } from './admin-address.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { untilStopped } from './lifecycle.ts';
import type { LogLevel } from './log-level.ts';

export interface RunOptions {
  config: Config;
  /** Reads the configuration again, for a reload. */
  reloadConfig(): Promise<LoadResult>;
  logLevel: LogLevel;
  /** JSON lines on a terminal too. */
  json: boolean;
  /** Called once webhooks are taken. */
  ready?(urls: RelayUrls): void;
}

export interface RelayUrls {
  public: string;
  admin: string;
}

/** Runs the relay until it is told to stop. @throws CommandError when it cannot start or has to end by itself */
export async function runRelay(context: CommandContext, options: RunOptions): Promise<void> {
  const { env, stdout } = context;
  // Old secrets stay hidden after a reload: they may still be in what is on its way.
  const secrets = new Set(secretsOf(options.config));
  const style = logStyle({ isTTY: stdout.isTTY && !options.json }, env.NO_COLOR);
  let redacted = redactedHeaders(options.config);
  const hidden = { secrets: () => [...secrets], redacted: () => redacted };
  const logger = createLogger({ level: options.logLevel, ...style, destination: stdout, ...hidden });
  const reloadConfig = async (): Promise<LoadResult> => {
    const result = await options.reloadConfig();
    if (!result.ok) return result;
    for (const secret of secretsOf(result.config)) secrets.add(secret);
    redacted = [...new Set([...redacted, ...redactedHeaders(result.config)])];
    return result;
  };
  const relay = createRelay({
    config: options.config,
    logger,
    clock: systemClock,
    reloadConfig,
    dashboardDir: context.dashboardDir,
    build: context.build,
    hideSecret: (secret) => void secrets.add(secret),
    memory: context.memory,
  });
  await untilStopped(context, relay, logger, async () => {
    const urls = await start(relay, options.config.tls === null ? 'http' : 'https');
    logger.info({ ...urls, page: `${urls.admin}/` }, 'listening');
    options.ready?.(urls);
  });
}

async function start(relay: Relay, scheme: 'http' | 'https'): Promise<RelayUrls> {
  try {
    const at = await relay.start();
    return { public: `${scheme}://${reachable(at.public)}`, admin: `http://${reachable(at.admin)}` };
  } catch (error) {
    throw listenError(error) ?? error;
  }
}

/** A system error of listening in plain words, or null for any other error. */
function listenError(error: unknown): CommandError | null {
  const { code, address, port } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const at = `${address}:${port}`;
  const problems: Record<string, [message: string, hint: string]> = {
    EADDRINUSE: [
      `${at} is taken by another program.`,
      'Is the relay running already (`hookbay healthcheck`)? Otherwise change `listen` or `admin.listen`.',
    ],
    EACCES: [
      `${at} may not be opened by this user.`,
      'Ports under 1024 need a privilege; take a higher one and let a proxy stand in front.',
    ],
    EADDRNOTAVAIL: [
      `${at} is not an address of this machine.`,
      'Change `listen` or `admin.listen`; 0.0.0.0 listens on all addresses.',
    ],
  };
  const problem = code === undefined || port === undefined ? undefined : problems[code];
  if (problem === undefined) return null;
  return new CommandError({ exitCode: 1, code: 'cannot_listen', message: problem[0], hint: problem[1] }, { cause: error });
}
