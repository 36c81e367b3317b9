import { type Command, Option } from 'commander';
import { readRegularText } from '../config/read-text.ts';
import { configFile, loadFile } from './config-file.ts';
import type { CommandContext } from './context.ts';
import { faultsError } from './faults.ts';
import { LOG_LEVELS, type LogLevel } from './log-level.ts';

interface ServeOptions {
  config?: string;
  logLevel?: LogLevel;
  json?: boolean;
}

const EXAMPLES = `
Without --config, HOOKBAY_CONFIG and ./config.yaml it starts a quickstart in ./data/quickstart:
a KnowledgeSDK route with its own token, a sample app, and a curl line to try it.

SIGTERM and Ctrl-C shut it down gracefully, a second one immediately. SIGHUP reloads the configuration.

Examples:
  hookbay serve
  hookbay serve --config /etc/hookbay/config.yaml --log-level debug`;

export function addServe(program: Command, context: CommandContext): void {
  program
    .command('serve')
    .description('run the relay')
    .option('-c, --config <file>', 'configuration file (default: HOOKBAY_CONFIG, then ./config.yaml)')
    .addOption(
      new Option('--log-level <level>', 'what to log from (HOOKBAY_LOG_LEVEL; default: info)')
        .choices(LOG_LEVELS)
        .env('HOOKBAY_LOG_LEVEL'),
    )
    .option('--json', 'log JSON lines on a terminal too')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ServeOptions) => serve(context, options));
}

/** Loads what it takes to run only here, so that the other commands start fast. */
async function serve(context: CommandContext, options: ServeOptions): Promise<void> {
  const file = configFile(context, options.config);
  const json = options.json === true;
  if (file === null) {
    const { quickstart } = await import('./quickstart.ts');
    return quickstart(context, { logLevel: options.logLevel ?? 'debug', json });
  }
  const result = await loadFile(context, file);
  if (!result.ok) throw await faultsError(context, result.faults, 'serve');
  const { runRelay } = await import('./run-relay.ts');
  await runRelay(context, {
    config: result.config,
    reloadConfig: () => loadFile(context, file, readRegularText),
    logLevel: options.logLevel ?? 'info',
    json,
  });
}
