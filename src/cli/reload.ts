import type { Command } from 'commander';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';

const EXAMPLES = `
The running relay reads its own file, with the environment that it was started with. With a fault in the file
nothing changes, and the faults are shown.

Examples:
  hookbay reload
  hookbay reload --url http://127.0.0.1:8081`;

export function addReload(program: Command, context: CommandContext): void {
  const command = program.command('reload').description('have the running relay read its configuration again');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: AdminOptions) => {
      const admin = await connect(context, options);
      const answer = await admin.post<{ status: string }>('/reload');
      if (options.json) printJson(context, answer);
      else context.stdout.write('The new configuration is in effect.\n');
    });
}
