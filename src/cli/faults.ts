import type { Fault } from '../config/fault.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { painter } from './text.ts';

/** Every fault as it is shown, with an empty line between. */
export async function renderFaults(faults: readonly Fault[]): Promise<string> {
  const { renderFault } = await import('../config/fault.ts');
  return faults.map((fault) => renderFault(fault)).join('\n\n');
}

/** Every fault of a configuration as one error. @param asked the command: to `check` nobody need be sent from `check` */
export async function faultsError(
  context: CommandContext,
  faults: readonly Fault[],
  asked: 'serve' | 'check',
): Promise<CommandError> {
  const paint = painter(context.stderr);
  const listed = await renderFaults(faults);
  const count = paint('bold', faults.length === 1 ? '1 fault' : `${faults.length} faults`);
  return new CommandError({
    exitCode: 2,
    code: 'config_invalid',
    message: `${listed}\n\n${count} in the configuration${asked === 'serve' ? '; nothing was started' : ''}.`,
    hint: `Every key is shown in config.example.yaml${asked === 'serve' ? '; `hookbay check` looks again without starting' : ''}.`,
  });
}
