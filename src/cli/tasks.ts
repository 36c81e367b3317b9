import type { Command } from 'commander';
import type { AdminClient } from './admin-client.ts';
import type { Page, TaskItem } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions, addPageOptions, type PageOptions } from './options.ts';
import { printJson, printMore } from './print.ts';
import { type Column, facts, table } from './table.ts';
import { painter, printable, relativeTime } from './text.ts';

type TasksOptions = AdminOptions & PageOptions & { cancel?: string };

const EXAMPLES = `
Examples:
  hookbay tasks
  hookbay tasks task_1k2m3n4p500000000001
  hookbay tasks --cancel task_1k2m3n4p500000000001`;

export function addTasks(program: Command, context: CommandContext): void {
  const command = program
    .command('tasks')
    .description('list bulk replays and exports, show one, or cancel one')
    .argument('[task]', 'id of the task to show')
    .option('--cancel <task>', 'stop this task: what a replay has done stays, what an export has written goes');
  addPageOptions(command);
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, options: TasksOptions) => {
      if (id !== undefined && options.cancel !== undefined) throw wrongUse('Give a task to show or one to cancel, not both.');
      const admin = await connect(context, options);
      if (options.cancel !== undefined) {
        const task = await admin.post<TaskItem>(`/tasks/${encodeURIComponent(options.cancel)}/cancel`);
        showTask(context, task, options);
      } else if (id !== undefined) {
        showTask(context, await admin.get<TaskItem>(`/tasks/${encodeURIComponent(id)}`), options);
      } else await listTasks(context, admin, options);
    });
}

async function listTasks(context: CommandContext, admin: AdminClient, options: TasksOptions): Promise<void> {
  const { limit, cursor } = options;
  const page = await admin.get<Page<TaskItem>>('/tasks', { limit, cursor });
  if (options.json) return printJson(context, page);
  if (page.data.length === 0) context.stderr.write('There are no tasks.\n');
  else context.stdout.write(taskTable(context, page.data));
  printMore(context, page.nextCursor);
}

function taskTable(context: CommandContext, tasks: readonly TaskItem[]): string {
  const now = Date.now();
  const columns: Column<TaskItem>[] = [
    { title: 'TASK', cell: (task) => task.id },
    { title: 'KIND', cell: (task) => task.kind },
    { title: 'STATUS', cell: (task) => task.status },
    { title: 'DONE', cell: (task) => `${task.done}/${task.matched}`, align: 'right' },
    { title: 'FAILED', cell: (task) => String(task.failed), align: 'right' },
    { title: 'STARTED', cell: (task) => relativeTime(task.createdAt, now) },
    { title: 'REASON', cell: (task) => task.error?.code ?? '-' },
  ];
  return table(context.stdout, columns, tasks);
}

function showTask(context: CommandContext, task: TaskItem, { json }: TasksOptions): void {
  if (json) {
    printJson(context, task);
    return;
  }
  const now = Date.now();
  const { stdout } = context;
  const until = task.resultExpiresAt === null ? '' : `, until ${task.resultExpiresAt}`;
  stdout.write(
    facts(stdout, [
      ['task', painter(stdout)('bold', task.id)],
      ['kind', task.kind],
      ['status', task.status],
      ['progress', `${task.done} of ${task.matched} done, ${task.failed} could not be`],
      ['started', `${task.createdAt} (${relativeTime(task.createdAt, now)})`],
      ['ended', task.finishedAt === null ? null : `${task.finishedAt} (${relativeTime(task.finishedAt, now)})`],
      ['reason', task.error === null ? null : `${task.error.code}: ${printable(task.error.message)}`],
      ['result', task.resultUrl === null ? null : `hookbay export --task ${task.id} -o FILE${until}`],
      ['callback', task.callback === null ? null : `${printable(task.callback.url)}: ${task.callback.state}`],
    ]),
  );
}
