import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AdminClient } from './admin-client.ts';
import type { TaskItem } from './admin-types.ts';
import { CommandError, wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { addTaskOptions, followTask, mustNotHaveFailed, startTask, type TaskOptions } from './follow-task.ts';
import { refuseUnknownNames } from './known-names.ts';
import { type AdminOptions, addAdminOptions, addFilterOptions, collect, type FilterOptions, filterQuery } from './options.ts';
import { printJson } from './print.ts';
import { progressBar } from './progress.ts';
import { byteSize } from './text.ts';

type ExportOptions = AdminOptions &
  FilterOptions &
  TaskOptions & { output?: string; target?: string; event?: string[]; all?: boolean; task?: string; force?: boolean };

const LINE_FEED = 0x0a;

const EXAMPLES = `
One event a line, as JSON, with its headers and its body (\`body\`, or \`bodyBase64\` where it is not text).
The relay keeps what it has written for a day: --task downloads it once more.

Examples:
  hookbay export --route knowledgesdk --from 2026-03-01 --to 2026-04-01 -o march.ndjson
  hookbay export --status dead -o dead.ndjson
  hookbay export --all --no-wait --callback-url https://app.example.com/hooks/tasks
  hookbay export --task task_1k2m3n4p500000000001 -o all.ndjson`;

export function addExport(program: Command, context: CommandContext): void {
  const command = program.command('export').description('write events with their bodies into a file, one a line');
  addFilterOptions(command)
    .option('-o, --output <file>', 'where to write them')
    .option('--type <type>', 'only of this event type')
    .option('--target <name>', 'only those with a delivery to this target')
    .option('--event <id>', 'only this event; may be repeated', collect)
    .option('--all', 'every event there is; needed when nothing else is chosen')
    .option('--task <id>', 'download what this task has written, instead of starting one')
    .option('--force', 'write over a file that is there');
  addTaskOptions(command);
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: ExportOptions) => exportEvents(context, options));
}

async function exportEvents(context: CommandContext, options: ExportOptions): Promise<void> {
  const file = outputOf(context, options);
  const filter = options.task === undefined ? filterOf(options) : null;
  const admin = await connect(context, options);
  const id = options.task ?? (await started(admin, filter ?? {}, options));
  if (!options.wait) {
    const task = await admin.get<TaskItem>(`/tasks/${encodeURIComponent(id)}`);
    return options.json ? printJson(context, task) : context.stdout.write(`${task.id}: ${task.status}.\n`);
  }
  const task = await followTask(context, admin, id);
  mustNotHaveFailed(task);
  const bytes = await download(context, admin, task, file ?? '');
  if (options.json) return printJson(context, { ...task, file, bytes });
  const failures = task.failed === 0 ? '' : `; ${task.failed} were deleted or damaged before`;
  context.stdout.write(`Wrote ${task.done} of ${task.matched} matched to ${options.output} (${byteSize(bytes)})${failures}.\n`);
}

/** @returns the absolute path, or null when nothing is to be written. @throws CommandError */
function outputOf(context: CommandContext, { output, wait, force }: ExportOptions): string | null {
  if (output === undefined) {
    if (!wait) return null;
    throw wrongUse(
      'Say where to write the events.',
      'For example `-o events.ndjson`; or --no-wait to leave them with the relay.',
    );
  }
  if (!wait) throw wrongUse('With --no-wait nothing is downloaded: leave -o out, and use --task later.');
  const file = resolve(context.cwd, output);
  if (existsSync(file) && force !== true) throw wrongUse(`${output} is there already.`, 'Name another file, or add --force.');
  return file;
}

function filterOf(options: ExportOptions): object {
  const filter = {
    ...filterQuery(options),
    ...(options.target === undefined ? {} : { target: options.target }),
    ...(options.event === undefined ? {} : { eventIds: options.event }),
  };
  if (Object.keys(filter).length > 0) return filter;
  if (options.all) return { all: true };
  throw wrongUse('Say what to export.', 'A filter such as `--route knowledgesdk --from 7d`, or --all for every event there is.');
}

async function started(admin: AdminClient, filter: object, options: ExportOptions): Promise<string> {
  await refuseUnknownNames(admin, { route: options.route, target: options.target });
  return startTask(admin, '/exports', { filter }, options);
}

/** Under another name until it is whole. @returns bytes written. @throws CommandError when a line is missing */
async function download(context: CommandContext, admin: AdminClient, task: TaskItem, file: string): Promise<number> {
  const part = `${file}.part`;
  const bar = progressBar(context.stderr, byteSize);
  const written = { lines: 0, bytes: 0 };
  try {
    const handle = await open(part, 'w', 0o600);
    try {
      await admin.download('GET', `/tasks/${encodeURIComponent(task.id)}/download`, async (piece, done, total) => {
        written.lines += lineFeeds(piece);
        written.bytes = done;
        bar.show(done, total);
        await handle.writeFile(piece);
      });
    } finally {
      await handle.close();
    }
    if (written.lines !== task.done) {
      const message = `${written.lines} lines arrived, and the relay has written ${task.done}.`;
      const hint = `Try again: hookbay export --task ${task.id} -o ${file}`;
      throw new CommandError({ exitCode: 1, code: 'download_incomplete', message, hint });
    }
    await rename(part, file);
    return written.bytes;
  } finally {
    bar.end();
    await rm(part, { force: true });
  }
}

function lineFeeds(piece: Uint8Array): number {
  let count = 0;
  for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}
