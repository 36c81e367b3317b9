import type { Command } from 'commander';
import type { Page, TargetItem } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { type Column, facts, table } from './table.ts';
import { painter, printable, relativeTime } from './text.ts';

type TargetsOptions = AdminOptions & { pause?: boolean; resume?: boolean; reason?: string };

const EXAMPLES = `
Examples:
  hookbay targets
  hookbay targets app --pause --reason "database migration"
  hookbay targets app --resume`;

export function addTargets(program: Command, context: CommandContext): void {
  const command = program
    .command('targets')
    .description('list targets with their backlog, show one, pause or resume it')
    .argument('[target]', 'name of the target')
    .option('--pause', 'hold its deliveries; events are still accepted for it')
    .option('--resume', 'deliver again; an open breaker tries at once')
    .option('--reason <text>', 'why it is paused, shown to others');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, options: TargetsOptions) => {
      if (options.pause && options.resume) throw wrongUse('Only one of --pause and --resume at a time.');
      const action = options.pause ? 'pause' : options.resume ? 'resume' : null;
      if (action !== null && name === undefined)
        throw wrongUse(`--${action} needs the name of a target.`, 'List them: `hookbay targets`.');
      if (options.reason !== undefined && action !== 'pause') throw wrongUse('--reason is only for --pause.');
      await run(context, name, action, options);
    });
}

async function run(
  context: CommandContext,
  name: string | undefined,
  action: 'pause' | 'resume' | null,
  options: TargetsOptions,
): Promise<void> {
  const admin = await connect(context, options);
  if (name === undefined) {
    const page = await admin.get<Page<TargetItem>>('/targets');
    if (options.json) printJson(context, page);
    else context.stdout.write(targetTable(context, page.data));
    return;
  }
  const path = `/targets/${encodeURIComponent(name)}`;
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const target = action === null ? await admin.get<TargetItem>(path) : await admin.post<TargetItem>(`${path}/${action}`, reason);
  if (options.json) printJson(context, target);
  else context.stdout.write(targetDetail(context, target));
}

const count = (target: TargetItem, status: keyof TargetItem['counts']): number => target.counts[status] ?? 0;

function paintState(context: CommandContext, state: string, text: string): string {
  const styles: Record<string, 'green' | 'yellow' | 'red'> = {
    ...{ healthy: 'green', retrying: 'yellow', half_open: 'yellow', open: 'red', paused: 'red' },
  };
  const style = styles[state];
  return style === undefined ? text : painter(context.stdout)(style, text);
}

function targetTable(context: CommandContext, targets: readonly TargetItem[]): string {
  const now = Date.now();
  const columns: Column<TargetItem>[] = [
    { title: 'TARGET', cell: (target) => target.name },
    { title: 'STATE', cell: (target) => target.state, paint: (target, text) => paintState(context, target.state, text) },
    { title: 'PENDING', cell: (target) => String(count(target, 'pending')), align: 'right' },
    { title: 'DEAD', cell: (target) => String(count(target, 'dead')), align: 'right' },
    { title: 'HELD', cell: (target) => String(count(target, 'held')), align: 'right' },
    { title: 'IN FLIGHT', cell: (target) => `${target.inFlight}/${target.concurrency}`, align: 'right' },
    { title: 'OLDEST DUE', cell: (target) => (target.oldestDueAt === null ? '-' : relativeTime(target.oldestDueAt, now)) },
    { title: 'URL', cell: (target) => target.url },
  ];
  return table(context.stdout, columns, targets);
}

function targetDetail(context: CommandContext, target: TargetItem): string {
  const now = Date.now();
  const state = paintState(context, target.state, target.state);
  const since = target.since === null ? '' : ` since ${relativeTime(target.since, now)}`;
  const counts = Object.entries(target.counts).filter(([, number]) => number > 0);
  return facts(context.stdout, [
    ['target', printable(target.name)],
    ['url', printable(target.url)],
    ['state', `${state}${since}${target.reason === null ? '' : ` (${printable(target.reason)})`}`],
    ['next probe', target.nextProbeAt === null ? null : relativeTime(target.nextProbeAt, now)],
    ['deliveries', counts.map(([status, number]) => `${number} ${status}`).join(', ') || 'none'],
    ['oldest due', target.oldestDueAt === null ? null : relativeTime(target.oldestDueAt, now)],
    ['in flight', `${target.inFlight} of at most ${target.concurrency}`],
    ['rate limit', target.rateLimit],
    ['attempts', target.maxAttempts === null ? 'until the retry duration is over' : `at most ${target.maxAttempts}`],
  ]);
}
