import type { Command } from 'commander';
import { CommandError, wrongUse } from './command-error.ts';
import { configFile, loadFile } from './config-file.ts';
import type { CommandContext } from './context.ts';
import { faultsError } from './faults.ts';
import { printJson } from './print.ts';
import { painter } from './text.ts';

interface CheckOptions {
  config?: string;
  json?: boolean;
  explain?: boolean;
}

const EXAMPLES = `
Starts nothing and writes nothing. Exit code 2 when there are faults.

Examples:
  hookbay check --config config.yaml
  hookbay check --explain
  hookbay check --json | jq .config.routes`;

export function addCheck(program: Command, context: CommandContext): void {
  program
    .command('check')
    .description('print what is wrong with a configuration, or all its settings, secrets hidden')
    .argument('[file]', 'configuration file (default: HOOKBAY_CONFIG, then ./config.yaml)')
    .option('-c, --config <file>', 'the same, as for serve')
    .option('--explain', 'print when each target is tried again, and what its answers mean')
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText('after', EXAMPLES)
    .action(async (argument: string | undefined, options: CheckOptions) => {
      const file = configFile(context, argument ?? options.config);
      if (file === null) throw wrongUse('There is no configuration to check.', 'Name one with --config, or write ./config.yaml.');
      await check(context, file, options);
    });
}

async function check(context: CommandContext, file: string, { json = false, explain = false }: CheckOptions): Promise<void> {
  const result = await loadFile(context, file);
  if (!result.ok) {
    if (!json) throw await faultsError(context, result.faults, 'check');
    printJson(context, { ok: false, faults: result.faults });
    throw new CommandError({ exitCode: 2, code: 'config_invalid', message: `The configuration has faults: ${file}` });
  }
  const { effectiveConfig } = await import('../config/effective.ts');
  const config = effectiveConfig(result.config);
  const targets = result.config.targets.values();
  if (json) {
    const { explainedTargets } = await import('./explain-retry.ts');
    return printJson(context, { ok: true, config, ...(explain && { explain: explainedTargets(targets) }) });
  }
  if (explain) {
    const { explainTargets } = await import('./explain-retry.ts');
    context.stdout.write(explainTargets(context.stdout, targets));
  } else {
    const { stringify } = await import('yaml');
    context.stdout.write(stringify(config));
  }
  context.stderr.write(`${painter(context.stderr)('green', '✓')} ${file} is fine.\n`);
}
