import type { Command } from 'commander';
import type { DeliveryItem, ReplayPreview, TaskItem } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { deliveryTable } from './delivery-view.ts';
import { addTaskOptions, followTask, mustNotHaveFailed, startTask, type TaskOptions } from './follow-task.ts';
import { refuseUnknownNames } from './known-names.ts';
import { type AdminOptions, addAdminOptions, addFilterOptions, collect, type FilterOptions, filterQuery } from './options.ts';
import { printJson } from './print.ts';

type ReplayOptions = AdminOptions &
  FilterOptions &
  TaskOptions & { target?: string; all?: boolean; deliverTo?: string[]; rate?: string; dryRun?: boolean };

const EXAMPLES = `
With a filter, dead deliveries are tried again. Those already delivered, and all of them with --deliver-to,
get new deliveries.

Examples:
  hookbay replay evt_1k2m3n4p500000000001
  hookbay replay --status dead --target app --dry-run
  hookbay replay --status dead --target app --from 2d --rate 50/s
  hookbay replay --status dead --no-wait --callback-url https://app.example.com/hooks/tasks --idempotency-key restore-1`;

export function addReplay(program: Command, context: CommandContext): void {
  const command = program
    .command('replay')
    .description('deliver again: one event, one delivery, or all that match a filter')
    .argument('[id]', 'an event (new deliveries) or a delivery (tried again)');
  addFilterOptions(command)
    .option('--type <type>', 'only of this event type')
    .option('--target <name>', 'only deliveries to this target')
    .option('--all', 'every delivery there is; needed when nothing else is chosen')
    .option('--deliver-to <target>', "to this target instead of the route's own; may be repeated", collect)
    .option('--rate <rate>', 'at most this many, for example 50/s')
    .option('--dry-run', 'only count what would be replayed');
  addTaskOptions(command);
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, options: ReplayOptions) => {
      if (id === undefined) await replayMany(context, options);
      else await replayOne(context, id, options);
    });
}

async function replayOne(context: CommandContext, id: string, options: ReplayOptions): Promise<void> {
  if (options.all || options.target !== undefined || options.rate !== undefined || Object.keys(filterQuery(options)).length > 0) {
    throw wrongUse('Give an id or a filter, not both.');
  }
  if (options.callbackUrl !== undefined) throw wrongUse('--callback-url is only for a filter: one id is replayed at once.');
  const admin = await connect(context, options);
  const path = encodeURIComponent(id);
  if (id.startsWith('dlv_')) {
    if (options.deliverTo !== undefined)
      throw wrongUse('--deliver-to is only for an event or a filter: a delivery keeps its target.');
    if (options.idempotencyKey !== undefined)
      throw wrongUse('--idempotency-key is only for an event or a filter: a retry can be asked for twice.');
    const delivery = await admin.post<DeliveryItem>(`/deliveries/${path}/retry`);
    return options.json ? printJson(context, delivery) : context.stdout.write(deliveryTable(context, [delivery]));
  }
  const targets = options.deliverTo === undefined ? {} : { targets: options.deliverTo };
  const headers = options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey };
  const answer = await admin.post<{ deliveries: DeliveryItem[] }>(`/events/${path}/replay`, targets, headers);
  if (options.json) return printJson(context, answer);
  context.stdout.write(deliveryTable(context, answer.deliveries, { isOneEvent: true }));
}

async function replayMany(context: CommandContext, options: ReplayOptions): Promise<void> {
  const filter = { ...filterQuery(options), ...(options.target === undefined ? {} : { target: options.target }) };
  if (Object.keys(filter).length === 0 && !options.all) {
    throw wrongUse(
      'Say what to replay.',
      'An id, a filter such as `--status dead --target app`, or --all for every delivery there is.',
    );
  }
  const request = {
    filter: options.all && Object.keys(filter).length === 0 ? { all: true } : filter,
    ...(options.deliverTo === undefined ? {} : { targets: options.deliverTo }),
    ...(options.rate === undefined ? {} : { rateLimit: options.rate }),
  };
  const admin = await connect(context, options);
  await refuseUnknownNames(admin, { route: options.route, target: options.target });
  if (options.dryRun) {
    const answer = await admin.post<ReplayPreview>('/replays', { ...request, dryRun: true });
    return options.json ? printJson(context, answer) : preview(context, answer);
  }
  const taskId = await startTask(admin, '/replays', request, options);
  const task = options.wait ? await followTask(context, admin, taskId) : await admin.get<TaskItem>(`/tasks/${taskId}`);
  if (options.json) printJson(context, task);
  else context.stdout.write(`${summary(task)}\n`);
  mustNotHaveFailed(task);
}

function preview(context: CommandContext, answer: ReplayPreview): void {
  context.stdout.write(`${answer.matched} ${answer.matched === 1 ? 'delivery' : 'deliveries'} would be replayed.\n`);
  if (answer.sample.length > 0) context.stdout.write(`\n${deliveryTable(context, answer.sample)}`);
}

function summary(task: TaskItem): string {
  const failures = task.failed === 0 ? '' : `, ${task.failed} could not be`;
  if (task.status === 'completed') return `Replayed ${task.done} of ${task.matched} matched${failures} (${task.id}).`;
  return `Task ${task.id}: ${task.status}, ${task.done} of ${task.matched} done${failures}.`;
}
