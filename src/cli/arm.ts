import { type Command, InvalidArgumentError } from 'commander';
import type { HandshakeItem, LearningItem } from './admin-types.ts';
import { wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { facts } from './table.ts';
import { printable, relativeTime } from './text.ts';

type ArmOptions = AdminOptions & { minutes?: number; off?: boolean; show?: boolean };

const EXAMPLES = `
Asana and Notion hand the secret over themselves, unsigned, when a webhook is made. A route takes it only while it is armed,
and only the first one: arm it, make the webhook at once, and see with --show what came. Notion wants the token that
--show prints typed into its page; it is shown for an hour.

Examples:
  hookbay arm asana
  hookbay arm notion --minutes 30
  hookbay arm notion --show
  hookbay arm asana --off`;

export function addArm(program: Command, context: CommandContext): void {
  const command = program
    .command('arm')
    .description('let a route learn its secret from the sender (Asana, Notion), for a while')
    .argument('<route>', 'name of the route')
    .option('--minutes <count>', 'for how long, at most 60 (default: 10); again makes it longer', parseMinutes)
    .option('--off', 'take no secret any more')
    .option('--show', 'show what was learned, and change nothing');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (route: string, options: ArmOptions) => {
      const chosen = [options.minutes !== undefined, options.off === true, options.show === true].filter(Boolean);
      if (chosen.length > 1) throw wrongUse('Only one of --minutes, --off and --show at a time.');
      await run(context, route, options);
    });
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 60)
    throw new InvalidArgumentError('Write a whole number from 1 to 60.');
  return minutes;
}

async function run(context: CommandContext, route: string, options: ArmOptions): Promise<void> {
  const admin = await connect(context, options);
  const path = `/routes/${encodeURIComponent(route)}`;
  if (options.show) {
    const handshake = await admin.get<HandshakeItem>(`${path}/handshake`);
    if (options.json) printJson(context, handshake);
    else context.stdout.write(detail(context, route, handshake));
    return;
  }
  const minutes = options.off ? 0 : options.minutes;
  const state = await admin.post<LearningItem>(`${path}/arm`, minutes === undefined ? {} : { minutes });
  if (options.json) printJson(context, state);
  else context.stdout.write(`${summary(route, state)}\n`);
}

function summary(route: string, { armedUntil }: LearningItem): string {
  if (armedUntil === null) return `${printable(route)} takes no secret any more.`;
  return `${printable(route)} takes the next secret that comes ${relativeTime(armedUntil, Date.now())} at the latest. Make the webhook now.`;
}

function detail(context: CommandContext, route: string, { armedUntil, learnedAt, verificationToken }: HandshakeItem): string {
  const now = Date.now();
  return facts(context.stdout, [
    ['route', printable(route)],
    ['armed', armedUntil === null ? 'no' : `until ${printable(armedUntil)}`],
    ['secret', learnedAt === null ? 'none was learned' : `learned ${relativeTime(learnedAt, now)}`],
    ['token', verificationToken === null ? null : printable(verificationToken)],
  ]);
}
