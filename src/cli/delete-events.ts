import type { AdminClient } from './admin-client.ts';
import type { DeletedItem, DeletionPreview } from './admin-types.ts';
import { CommandError, wrongUse } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { refuseUnknownNames } from './known-names.ts';
import { type FilterOptions, filterQuery } from './options.ts';
import { printJson } from './print.ts';
import { printable } from './text.ts';

export interface DeleteOptions {
  delete?: boolean;
  yes?: boolean;
}

type Options = DeleteOptions & FilterOptions & { search?: string; body?: boolean; json?: boolean };

/** Deletes one event, or all that match the filter, once that was agreed to. */
export async function deleteEvents(
  context: CommandContext,
  admin: AdminClient,
  id: string | undefined,
  options: Options,
): Promise<void> {
  const filter = filterQuery(options);
  if (options.body || options.search !== undefined)
    throw wrongUse('--delete goes with an id, or with a filter without --search.');
  if (id === undefined && Object.keys(filter).length === 0)
    throw wrongUse('Say what to delete.', 'An id, or a filter such as `--route shop --to 30d`.');
  if (id !== undefined && Object.keys(filter).length > 0) throw wrongUse('Give an id or a filter, not both.');
  if (id !== undefined) {
    await agree(context, options, `Delete ${id} for good?`);
    return report(context, options, await admin.delete<DeletedItem>(`/events/${encodeURIComponent(id)}`));
  }
  await refuseUnknownNames(admin, { route: options.route });
  const { matched } = await admin.post<DeletionPreview>('/deletions', { filter, dryRun: true });
  if (matched > 0)
    await agree(context, options, `Delete ${matched} ${matched === 1 ? 'event' : 'events'} (${chosen(filter)}) for good?`);
  report(context, options, await admin.post<DeletedItem>('/deletions', { filter }));
}

/** What the filter chooses, in words: a time that was meant otherwise is seen before anything is gone. */
function chosen({ from, to, ...named }: Record<string, string>): string {
  const names = Object.entries(named).map(([name, value]) => `${name} ${printable(value)}`);
  const since = from === undefined ? [] : [`received since ${from}`];
  const until = to === undefined ? [] : [`received before ${to}`];
  return [...names, ...since, ...until].join(', ');
}

/** @throws CommandError unless it was said with --yes or on the terminal */
async function agree(context: CommandContext, { yes, json }: Options, question: string): Promise<void> {
  if (yes) return;
  if (json || !context.stdout.isTTY) throw wrongUse('Nobody can be asked here.', 'Say --yes to delete without a question.');
  context.stderr.write(`${question} Type yes: `);
  if ((await firstLine(context.stdin)).trim().toLowerCase() === 'yes') return;
  throw new CommandError({ exitCode: 1, code: 'not_agreed', message: 'Nothing was deleted.' });
}

async function firstLine(input: CommandContext['stdin']): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += Buffer.from(chunk).toString();
    if (text.includes('\n')) break;
  }
  return text.split('\n', 1)[0] ?? '';
}

function report(context: CommandContext, { json }: Options, answer: DeletedItem): void {
  if (json) {
    printJson(context, answer);
    return;
  }
  const { deleted, cancelled, rejections, erased } = answer;
  const more = [
    ...(cancelled > 0 ? [`${cancelled} open ${cancelled === 1 ? 'delivery' : 'deliveries'} cancelled`] : []),
    ...(rejections > 0 ? [`${rejections} refused ${rejections === 1 ? 'request' : 'requests'} with the same body deleted`] : []),
  ];
  context.stdout.write(`${[`${deleted} ${deleted === 1 ? 'event' : 'events'} deleted`, ...more].join(', ')}.\n`);
  if (!erased)
    context.stderr.write(
      'Another program reads the database: the bytes leave the files as soon as it lets go of its snapshot.\n',
    );
}
