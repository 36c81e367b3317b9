import type { Command } from 'commander';
import { asTyped } from './as-typed.ts';
import { CommandError } from './command-error.ts';
import { configFile, loadFile } from './config-file.ts';
import type { CommandContext } from './context.ts';
import { renderFaults } from './faults.ts';
import type { Finding } from './findings.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { painter, printable, wrapped } from './text.ts';

const EXAMPLES = `
Looks at the configuration, the disk, the targets, what providers need, and at the relay if it runs. Changes nothing and
sends nothing to a target but the opening of a connection. Exit code 1 when something has to be done.

Examples:
  hookbay doctor
  hookbay doctor --config /etc/hookbay/config.yaml --json`;

export function addDoctor(program: Command, context: CommandContext): void {
  const command = program.command('doctor').description('look for what is wrong or missing, and say what to do');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: AdminOptions) => {
      const findings = await examine(context, options);
      const troubles = findings.filter(({ state }) => state === 'bad').length;
      if (options.json) printJson(context, { ok: troubles === 0, findings });
      else context.stdout.write(findings.map((finding) => lines(context, finding)).join(''));
      if (troubles === 0) return;
      const message = `${troubles} ${troubles === 1 ? 'thing has' : 'things have'} to be done.`;
      throw new CommandError({ exitCode: 1, code: 'troubles_found', message });
    });
}

async function examine(context: CommandContext, options: AdminOptions): Promise<Finding[]> {
  const { examineRelay } = await import('./doctor-relay.ts');
  const file = configFile(context, options.config);
  if (file === null) {
    const none: Finding = {
      ...{
        state: 'note',
        subject: 'configuration',
        finding: 'No configuration file was found, so only a running relay is looked at.',
      },
      advice: 'Write one with `hookbay init`, or name it with --config.',
    };
    return [none, ...(await examineRelay(context, options))];
  }
  const result = await loadFile(context, file);
  if (!result.ok) {
    const finding = `${file} has faults:\n${await renderFaults(result.faults)}`;
    const isOnlyUnset = result.faults.every(({ code }) => code === 'unset_variable');
    const advice = isOnlyUnset
      ? 'Run this where the variables are set, as they are for the relay; or set them.'
      : 'Mend them; `hookbay check` shows them again.';
    const broken: Finding = { state: 'bad', subject: 'configuration', finding, advice };
    return [broken, ...(await examineRelay(context, options))];
  }
  const { examineConfig } = await import('./doctor-config.ts');
  const { examineStorage } = await import('./doctor-storage.ts');
  const { examineTargets } = await import('./doctor-targets.ts');
  return [
    { state: 'good', subject: 'configuration', finding: `${file} is fine.`, advice: null },
    ...examineConfig(result.config),
    ...(await examineStorage(result.config.storage)),
    ...(await examineTargets(result.config)),
    ...(await examineRelay(context, options)),
  ];
}

const MARKS = { good: ['green', '✓'], note: ['yellow', '!'], bad: ['red', '✗'] } as const;

function lines(context: CommandContext, { state, subject, finding, advice }: Finding): string {
  const { stdout } = context;
  const paint = painter(stdout);
  const [style, mark] = MARKS[state];
  const [first = '', ...rest] = finding.split('\n');
  const room = stdout.isTTY ? stdout.columns - 4 : Number.POSITIVE_INFINITY;
  const told = [`${paint(style, mark)} ${paint('bold', subject)}: ${printable(first)}`, ...rest.map((line) => `  ${line}`)];
  if (advice !== null) told.push(...wrapped(asTyped(context, advice), room).map((line) => `  ${paint('dim', line)}`));
  return `${told.join('\n')}\n`;
}
