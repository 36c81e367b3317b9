import type { Command } from 'commander';
import type { AdminClient } from './admin-client.ts';
import type { Page, StatsItem, TargetItem } from './admin-types.ts';
import { CommandError } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type LeftBehind, leftBehind } from './left-behind.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { printable } from './text.ts';

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
      if (options.json) return printJson(context, answer);
      context.stdout.write('The new configuration is in effect.\n');
      await tellOfHeld(context, admin);
    });
}

async function leftBehindAt(admin: AdminClient): Promise<LeftBehind[]> {
  const { data } = await admin.get<Page<TargetItem>>('/targets');
  return leftBehind(await admin.get<StatsItem>('/stats'), data);
}

/** A name that was mistyped, or left out by mistake, is seen here first. */
async function tellOfHeld(context: CommandContext, admin: AdminClient): Promise<void> {
  const found = await leftBehindAt(admin).catch((error: unknown) => {
    if (error instanceof CommandError) return []; // The reload is done, and may have changed the token.
    throw error;
  });
  for (const { target, waiting } of found) {
    if (waiting === 0) continue;
    const held = waiting === 1 ? '1 delivery is held' : `${waiting} deliveries are held`;
    context.stderr.write(`${held}: the target ${printable(target)} is not configured any more.\n`);
  }
}
