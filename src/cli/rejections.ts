import type { Command } from 'commander';
import { closest } from '../config/suggest.ts';
import { PROBLEMS } from '../ingest/problems.ts';
import type { Page, RejectionItem } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { refuseUnknownNames } from './known-names.ts';
import { type AdminOptions, addAdminOptions, addPageOptions, type PageOptions } from './options.ts';
import { printJson, printMore } from './print.ts';
import { type Column, table } from './table.ts';
import { painter, printable, relativeTime, wrapped } from './text.ts';

type RejectionsOptions = AdminOptions & PageOptions & { route?: string; reason?: string };

const EXAMPLES = `
Senders are not told why they were refused; this list tells you.

Examples:
  hookbay rejections
  hookbay rejections --route knowledgesdk --limit 5
  hookbay rejections --reason verification_failed`;

export function addRejections(program: Command, context: CommandContext): void {
  const command = program.command('rejections').description('list the requests that were refused, with the reasons');
  addPageOptions(command)
    .option('--route <name>', 'only of this route')
    .option('--reason <code>', 'only for this reason: verification_failed, not_found, body_too_large, …');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: RejectionsOptions) => {
      const { route, reason, limit, cursor } = options;
      const admin = await connect(context, options);
      const page = await admin.get<Page<RejectionItem>>('/rejections', { route, reason, limit, cursor });
      if (page.data.length === 0) {
        refuseUnknownReason(reason);
        await refuseUnknownNames(admin, { route });
      }
      if (options.json) return printJson(context, page);
      if (page.data.length === 0) context.stderr.write(nothing(options));
      else context.stdout.write(rejectionList(context, page.data));
      printMore(context, page.nextCursor);
    });
}

const nothing = ({ route, reason, cursor }: RejectionsOptions): string =>
  (route ?? reason ?? cursor) === undefined ? 'No requests were refused.\n' : 'No refused requests match.\n';

/** A mistyped reason would look like an empty answer. */
function refuseUnknownReason(reason: string | undefined): void {
  const known = Object.keys(PROBLEMS);
  if (reason === undefined || known.includes(reason)) return;
  const near = closest(reason, known);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  throw wrongUse(`There is no reason "${reason}".${meant}`, `There are: ${known.join(', ')}.`);
}

const INDENT = '  ';

/** On a terminal, where lines are cut, each explanation has lines of its own; in a pipe each rejection is one line. */
function rejectionList(context: CommandContext, rejections: readonly RejectionItem[]): string {
  const now = Date.now();
  const columns: Column<RejectionItem>[] = [
    { title: 'REFUSED', cell: (rejection) => relativeTime(rejection.at, now) },
    { title: 'ROUTE', cell: (rejection) => rejection.route ?? '-' },
    { title: 'ANSWER', cell: (rejection) => String(rejection.status), align: 'right' },
    { title: 'FROM', cell: (rejection) => rejection.peer },
    { title: 'REASON', cell: (rejection) => rejection.reason },
  ];
  const { stdout } = context;
  const explained: Column<RejectionItem> = { title: 'EXPLANATION', cell: (rejection) => rejection.explanation.trim() };
  if (!stdout.isTTY) return table(stdout, [...columns, explained], rejections);
  const [head, ...rows] = table(stdout, columns, rejections).trimEnd().split('\n');
  const paint = painter(stdout);
  const lines = rows.flatMap((row, i) => [
    row,
    ...wrapped(printable(rejections[i]?.explanation ?? ''), stdout.columns - INDENT.length).map(
      (line) => INDENT + paint('dim', line),
    ),
  ]);
  return [head, ...lines, ''].join('\n');
}
