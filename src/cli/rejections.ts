import type { Command } from 'commander';
import type { Page, RejectionItem } from './admin-types.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { refuseUnknownNames } from './known-names.ts';
import { type AdminOptions, addAdminOptions, addPageOptions, type PageOptions } from './options.ts';
import { printJson, printMore } from './print.ts';
import { type Column, table } from './table.ts';
import { relativeTime } from './text.ts';

type RejectionsOptions = AdminOptions & PageOptions & { route?: string };

const EXAMPLES = `
Senders are not told why they were refused; this list tells you.

Examples:
  hookbay rejections
  hookbay rejections --route knowledgesdk --limit 5`;

export function addRejections(program: Command, context: CommandContext): void {
  const command = program.command('rejections').description('list the requests that were refused, with the reasons');
  addPageOptions(command).option('--route <name>', 'only of this route');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: RejectionsOptions) => {
      const { route, limit, cursor } = options;
      const admin = await connect(context, options);
      const page = await admin.get<Page<RejectionItem>>('/rejections', { route, limit, cursor });
      if (page.data.length === 0) await refuseUnknownNames(admin, { route });
      if (options.json) return printJson(context, page);
      if (page.data.length === 0) context.stderr.write('No requests were refused.\n');
      else context.stdout.write(rejectionTable(context, page.data));
      printMore(context, page.nextCursor);
    });
}

function rejectionTable(context: CommandContext, rejections: readonly RejectionItem[]): string {
  const now = Date.now();
  const columns: Column<RejectionItem>[] = [
    { title: 'REFUSED', cell: (rejection) => relativeTime(rejection.at, now) },
    { title: 'ROUTE', cell: (rejection) => rejection.route ?? '-' },
    { title: 'ANSWER', cell: (rejection) => String(rejection.status), align: 'right' },
    { title: 'FROM', cell: (rejection) => rejection.peer },
    { title: 'REASON', cell: (rejection) => rejection.reason },
    { title: 'EXPLANATION', cell: (rejection) => rejection.explanation.trim() },
  ];
  return table(context.stdout, columns, rejections);
}
