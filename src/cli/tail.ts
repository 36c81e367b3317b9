import type { Command } from 'commander';
import type { SettledItem, StreamedEvent } from './admin-types.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type Followed, follow } from './follow.ts';
import { type AdminOptions, addAdminOptions, parseTime } from './options.ts';
import type { ServerEvent } from './server-events.ts';
import { untilSignal } from './signals.ts';
import { byteSize, clockTime, painter, paintStatus, printable } from './text.ts';

interface TailOptions extends AdminOptions {
  route?: string;
  type?: string;
  search?: string;
  since?: string;
  deliveries: boolean;
}

const EXAMPLES = `
It goes on until Ctrl-C; a relay that is restarted meanwhile is waited for, and nothing is left out.

Examples:
  hookbay tail
  hookbay tail --route knowledgesdk --since 1h
  hookbay tail --json | jq .type`;

export function addTail(program: Command, context: CommandContext): void {
  const command = program
    .command('tail')
    .description('show events as they come in, and what becomes of them')
    .option('--route <name>', 'only of this route')
    .option('--type <type>', 'only of this type')
    .option('-q, --search <text>', 'only with this in id, dedup key or type')
    .option('--since <time>', 'begin with those of the last 90s, 15m, 2h, 7d, or since an ISO 8601 time', parseTime)
    .option('--no-deliveries', 'events only');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: TailOptions) => {
      const admin = await connect(context, options);
      const signal = untilSignal(context);
      const query = { route: options.route, type: options.type, q: options.search, from: options.since };
      for await (const followed of follow(admin, { query, after: null, signal })) show(context, options, followed);
    });
}

function show(context: CommandContext, options: TailOptions, followed: Followed): void {
  switch (followed.kind) {
    case 'connected':
      return;
    case 'lost':
      context.stderr.write(`${painter(context.stderr)('yellow', 'connection lost:')} ${followed.why} Trying again …\n`);
      return;
    case 'message':
      showMessage(context, options, followed.message);
      return;
    default:
      followed satisfies never;
  }
}

function showMessage(context: CommandContext, { json, deliveries }: TailOptions, { event, data }: ServerEvent): void {
  if (data === null || (event === 'delivery' && !deliveries)) return;
  if (event !== 'event' && event !== 'delivery') return;
  const told = JSON.parse(data) as object;
  if (json) context.stdout.write(`${JSON.stringify({ kind: event, ...told })}\n`);
  else if (event === 'event') context.stdout.write(`${eventLine(context, told as StreamedEvent)}\n`);
  else context.stdout.write(`${deliveryLine(context, told as SettledItem)}\n`);
}

function eventLine(context: CommandContext, event: StreamedEvent): string {
  const paint = painter(context.stdout);
  const targets = event.deliveries.map(({ target, status }) => (status === 'pending' ? target : `${target} (${status})`));
  return [
    paint('dim', clockTime(event.receivedAt)),
    paint('bold', printable(event.route)),
    paint('cyan', printable(event.type ?? '-')),
    event.id,
    paint('dim', `${byteSize(event.size)} → ${targets.map(printable).join(', ') || 'nobody'}`),
  ].join('  ');
}

function deliveryLine(context: CommandContext, { eventId, target, status }: SettledItem): string {
  const paint = painter(context.stdout);
  const word = status === 'pending' ? 'failed, will be tried again' : status;
  const outcome = paintStatus(paint, status, word);
  return `${paint('dim', clockTime(new Date().toISOString()))}  ${paint('dim', '└─')} ${printable(target)} ${outcome}  ${paint('dim', eventId)}`;
}
