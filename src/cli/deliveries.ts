import type { Command } from 'commander';
import type { AdminClient } from './admin-client.ts';
import type { DeliveryItem, Page, TargetItem } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { deliveryDetail, deliveryTable, isDue, standstill } from './delivery-view.ts';
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

const ACTIONS = ['retry', 'cancel', 'release', 'discard'] as const;
type Action = (typeof ACTIONS)[number];
type DeliveriesOptions = AdminOptions &
  FilterOptions &
  PageOptions & { target?: string; event?: string } & Partial<Record<Action, boolean>>;

const EXAMPLES = `
Examples:
  hookbay deliveries --status dead --target app
  hookbay deliveries dlv_1k2m3n4p500000000001
  hookbay deliveries dlv_1k2m3n4p500000000001 --retry`;

export function addDeliveries(program: Command, context: CommandContext): void {
  const command = program
    .command('deliveries')
    .description('list deliveries, show one with its attempts, or act on one')
    .argument('[delivery]', 'id of the delivery to show or act on');
  addPageOptions(addFilterOptions(command))
    .option('--target <name>', 'only to this target')
    .option('--event <id>', 'only of this event')
    .option('--retry', 'try it again now, with a fresh budget (dead, pending, held)')
    .option('--cancel', 'start no further attempt (pending)')
    .option('--release', 'let it go on (held)')
    .option('--discard', 'give it up (dead, held)');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, options: DeliveriesOptions) => {
      const actions = ACTIONS.filter((action) => options[action]);
      if (actions.length > 1) throw wrongUse(`Only one of --${actions.join(' and --')} at a time.`);
      if (actions.length === 1 && id === undefined) {
        throw wrongUse(
          `--${actions[0]} needs the id of a delivery.`,
          'Many at once: `hookbay replay --status dead --target app`.',
        );
      }
      const admin = await connect(context, options);
      if (id === undefined) await listDeliveries(context, admin, options);
      else await showDelivery(context, admin, id, actions[0], options);
    });
}

async function listDeliveries(context: CommandContext, admin: AdminClient, options: DeliveriesOptions): Promise<void> {
  const { limit, cursor, target, event } = options;
  const query = { ...filterQuery(options), target, eventId: event, limit, cursor };
  const page = await admin.get<Page<DeliveryItem>>('/deliveries', query);
  if (page.data.length === 0) await refuseUnknownNames(admin, { route: options.route, target });
  if (options.json) return printJson(context, page);
  if (page.data.length === 0) context.stderr.write('No deliveries match.\n');
  else context.stdout.write(deliveryTable(context, page.data, { standing: await standingTargets(admin, page.data) }));
  printMore(context, page.nextCursor);
}

async function showDelivery(
  context: CommandContext,
  admin: AdminClient,
  id: string,
  action: Action | undefined,
  options: DeliveriesOptions,
): Promise<void> {
  const path = `/deliveries/${encodeURIComponent(id)}`;
  if (action !== undefined) await admin.post(`${path}/${action}`);
  const delivery = await admin.get<DeliveryItem>(path);
  if (options.json) return printJson(context, delivery);
  context.stdout.write(deliveryDetail(context, delivery, await targetOf(admin, delivery)));
}

/** The target of a delivery that is due and still waits. */
async function targetOf(admin: AdminClient, delivery: DeliveryItem): Promise<TargetItem | undefined> {
  if (!isDue(delivery, Date.now())) return undefined;
  const { data } = await admin.get<Page<TargetItem>>('/targets');
  return data.find(({ name }) => name === delivery.target);
}

/** Those for which something is due, and at which nothing is attempted. */
async function standingTargets(admin: AdminClient, deliveries: readonly DeliveryItem[]): Promise<Set<string>> {
  const now = Date.now();
  if (!deliveries.some((delivery) => isDue(delivery, now))) return new Set();
  const { data } = await admin.get<Page<TargetItem>>('/targets');
  return new Set(data.filter((target) => standstill(target, now) !== null).map(({ name }) => name));
}
