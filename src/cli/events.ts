import type { Command } from 'commander';
import type { AdminClient } from './admin-client.ts';
import type { EventDetail, EventItem, Page } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type DeleteOptions, deleteEvents } from './delete-events.ts';
import { deliveryTable } from './delivery-view.ts';
import { refuseUnknownNames } from './known-names.ts';
import {
  type AdminOptions,
  addAdminOptions,
  addFilterOptions,
  addPageOptions,
  type FilterOptions,
  filterQuery,
  type PageOptions,
} from './options.ts';
import { printJson, printMore } from './print.ts';
import { type Column, facts, table } from './table.ts';
import { byteSize, painter, printable, relativeTime } from './text.ts';

type EventsOptions = AdminOptions &
  FilterOptions &
  PageOptions &
  DeleteOptions & { search?: string; body?: boolean; raw?: boolean };

const EXAMPLES = `
Examples:
  hookbay events --status dead --from 1d
  hookbay events evt_1k2m3n4p500000000001
  hookbay events evt_1k2m3n4p500000000001 --body > body.json
  hookbay events evt_1k2m3n4p500000000001 --delete
  hookbay events --delete --route shop --to 30d`;

export function addEvents(program: Command, context: CommandContext): void {
  const command = program
    .command('events')
    .description('list events, show one, or delete')
    .argument('[event]', 'id of the event to show');
  addPageOptions(addFilterOptions(command))
    .option('--type <type>', 'only of this type')
    .option('-q, --search <text>', 'only with this in id, dedup key or type')
    .option('--body', "write the event's body, byte for byte; what `redact` masks is ***")
    .option('--raw', 'with --body: every byte, also what is masked')
    .option('--delete', 'delete the event, or all that match the filter: content and answers go, no byte stays in the files')
    .option('--yes', 'with --delete: do not ask');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, options: EventsOptions) => {
      const admin = await connect(context, options);
      if (options.raw && !options.body) throw wrongUse('--raw is only for --body.');
      if (options.delete) await deleteEvents(context, admin, id, options);
      else if (id === undefined) await listEvents(context, admin, options);
      else if (options.body)
        context.stdout.write(await admin.bytes(`/events/${encodeURIComponent(id)}/body`, rawQuery(options.raw)));
      else await showEvent(context, admin, id, options);
    });
}

/** The exact bytes are asked for only when they are meant: most often they are the same. */
const rawQuery = (isRaw: boolean | undefined): { raw?: string } => (isRaw ? { raw: 'true' } : {});

async function listEvents(context: CommandContext, admin: AdminClient, options: EventsOptions): Promise<void> {
  const { limit, cursor, search } = options;
  const page = await admin.get<Page<EventItem>>('/events', { ...filterQuery(options), q: search, limit, cursor });
  if (page.data.length === 0) await refuseUnknownNames(admin, { route: options.route });
  if (options.json) return printJson(context, page);
  if (page.data.length === 0) context.stderr.write('No events match.\n');
  else context.stdout.write(eventTable(context, page.data));
  printMore(context, page.nextCursor);
}

function eventTable(context: CommandContext, events: readonly EventItem[]): string {
  const now = Date.now();
  const paint = painter(context.stdout);
  const columns: Column<EventItem>[] = [
    { title: 'EVENT', cell: (event) => event.id },
    { title: 'RECEIVED', cell: (event) => relativeTime(event.receivedAt, now) },
    { title: 'ROUTE', cell: (event) => event.route },
    { title: 'TYPE', cell: (event) => event.type ?? '-', paint: (_, text) => paint('cyan', text) },
    { title: 'SIZE', cell: (event) => byteSize(event.size), align: 'right' },
    { title: 'DUPLICATES', cell: (event) => String(event.duplicates), align: 'right' },
    { title: 'DELIVERIES', cell: (event) => statusCounts(event.statuses) },
  ];
  return table(context.stdout, columns, events);
}

function statusCounts(statuses: EventItem['statuses'] = {}): string {
  const counts = Object.entries(statuses).filter(([, count]) => count > 0);
  return counts.length === 0 ? '-' : counts.map(([status, count]) => `${count} ${status}`).join(', ');
}

async function showEvent(context: CommandContext, admin: AdminClient, id: string, options: EventsOptions): Promise<void> {
  const event = await admin.get<EventDetail>(`/events/${encodeURIComponent(id)}`);
  if (options.json) return printJson(context, event);
  const { stdout } = context;
  const paint = painter(stdout);
  const text = (value: string | null): string => (value === null ? '-' : printable(value));
  stdout.write(
    facts(stdout, [
      ['event', event.id],
      ['route', text(event.route)],
      ['type', text(event.type)],
      ['received', `${event.receivedAt} (${relativeTime(event.receivedAt, Date.now())})${sender(event)}`],
      ['request', requestLine(event)],
      ['dedup key', text(event.dedupKey)],
      ['duplicates', `${event.duplicates}${event.conflicts > 0 ? `, ${event.conflicts} of them with another body` : ''}`],
      ['body', bodyLine(event)],
    ]),
  );
  if (event.headers.length > 0) stdout.write(`\n${paint('bold', 'Headers')}\n`);
  for (const [name, value] of event.headers) stdout.write(`  ${paint('dim', `${printable(name)}:`)} ${printable(value)}\n`);
  stdout.write(`\n${deliveryTable(context, event.deliveries, { isOneEvent: true })}`);
}

const sender = ({ peer }: EventDetail): string => (peer === '' ? '' : ` from ${printable(peer)}`);

function requestLine({ method, path, query, bodyGone }: EventDetail): string {
  if (method !== '') return `${method} ${printable(path)}${query === '' ? '' : `?${printable(query)}`}`;
  return bodyGone ? 'not kept any more' : 'cannot be read: damaged, or encrypted under a key that is not configured';
}

function bodyLine({ size, contentType, sha256, bodyGone }: EventDetail): string {
  const type = contentType === null ? '-' : printable(contentType);
  const hash = sha256 === null ? [] : [`sha256 ${sha256}`];
  return [byteSize(size), bodyGone ? 'not kept any more' : type, ...hash].join(', ');
}
