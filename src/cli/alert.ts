import type { Command } from 'commander';
import type { AlertItem, AlertTestItem, Page } from './admin-types.ts';
import { CommandError } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { type Column, table } from './table.ts';
import { painter, relativeTime } from './text.ts';

type AlertOptions = AdminOptions & { test?: boolean };

const EXAMPLES = `
Examples:
  hookbay alert
  hookbay alert --test`;

export function addAlert(program: Command, context: CommandContext): void {
  const command = program
    .command('alert')
    .description('list what alerts, or send a test alert to every destination')
    .option('--test', 'send a test; exits with 1 when one does not arrive');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((options: AlertOptions) => (options.test ? test(context, options) : list(context, options)));
}

async function list(context: CommandContext, options: AlertOptions): Promise<void> {
  const admin = await connect(context, options);
  const page = await admin.get<Page<AlertItem>>('/alerts');
  if (options.json) printJson(context, page);
  else if (page.data.length === 0) context.stderr.write('Nothing has alerted since the start.\n');
  else context.stdout.write(alertTable(context, page.data));
}

async function test(context: CommandContext, options: AlertOptions): Promise<void> {
  const admin = await connect(context, options);
  const answer = await admin.post<{ data: AlertTestItem[] }>('/alerts/test');
  if (options.json) printJson(context, answer);
  else context.stdout.write(testTable(context, answer.data));
  const failed = answer.data.filter(({ outcome }) => outcome === 'failed').length;
  if (failed === 0) return;
  const hint = 'Is the URL right, and can the relay reach it?';
  throw new CommandError({
    exitCode: 1,
    code: 'alert_failed',
    message: `${failed} of ${answer.data.length} did not arrive.`,
    hint,
  });
}

/** Of a URL only the host is shown: the place in the configuration's list tells two of a host apart. */
function testTable(context: CommandContext, tests: readonly AlertTestItem[]): string {
  const columns: Column<AlertTestItem>[] = [
    { title: 'ALERT', cell: (each) => String(tests.indexOf(each) + 1), align: 'right' },
    { title: 'TO', cell: ({ to }) => to },
    { title: 'FORMAT', cell: ({ format }) => format },
    { title: 'OUTCOME', cell: ({ outcome, code }) => `${outcome}${code === null ? '' : ` (${code})`}` },
  ];
  return table(context.stdout, columns, tests);
}

function alertTable(context: CommandContext, alerts: readonly AlertItem[]): string {
  const now = Date.now();
  const paint = painter(context.stdout);
  const columns: Column<AlertItem>[] = [
    { title: 'STATE', cell: ({ state }) => state, paint: ({ state }, text) => (state === 'firing' ? paint('red', text) : text) },
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'SINCE', cell: ({ since }) => relativeTime(since, now) },
    { title: 'ENDED', cell: ({ endedAt }) => (endedAt === null ? '-' : relativeTime(endedAt, now)) },
    { title: 'SUMMARY', cell: ({ summary }) => summary },
  ];
  return table(context.stdout, columns, alerts);
}
