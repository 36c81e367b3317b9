import type { Command } from 'commander';
import type { AttemptResult } from '../deliver/classify.ts';
import type { AdminClient } from './admin-client.ts';
import type { EventDetail, StreamedEvent } from './admin-types.ts';
import { CommandError, wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { follow, wait } from './follow.ts';
import { ForwardCursor } from './forward-cursor.ts';
import type { LocalTarget } from './forward-target.ts';
import { type AdminOptions, addAdminOptions, parseTime } from './options.ts';
import { untilSignal } from './signals.ts';
import { clockTime, painter, printable } from './text.ts';

interface ForwardOptions extends AdminOptions {
  to: string;
  route?: string;
  type?: string;
  since?: string;
  fresh?: boolean;
  event?: string;
  raw?: boolean;
}

const EXAMPLES = `
What the app gets is what a target gets: the original bytes and headers, with hookbay-* beside them; what the
configuration masks (redact) is *** without --raw. The relay's own deliveries are not touched. Started again it goes on
where it stopped; an app that does not run is waited for.

Examples:
  hookbay forward --to http://localhost:3000/webhooks --url https://relay.internal:8081
  hookbay forward --to http://localhost:3000 --route knowledgesdk --since 1h
  hookbay forward --to http://localhost:3000 --event evt_1k2m3n4p500000000001    (once more)`;

/** How often an app that does not run is looked for. */
const APP_WAIT_MS = 1_000;

export function addForward(program: Command, context: CommandContext): void {
  const command = program
    .command('forward')
    .description('send events of a relay to an app on this machine, as they come in')
    .requiredOption('--to <url>', 'where to send them, for example http://localhost:3000/webhooks')
    .option('--route <name>', 'only of this route')
    .option('--type <type>', 'only of this type')
    .option('--since <time>', 'begin with those of the last 90s, 15m, 2h, 7d, or since an ISO 8601 time', parseTime)
    .option('--fresh', 'begin with what comes in from now on, not where it stopped the last time')
    .option('--event <id>', 'send this event, and end')
    .option('--raw', 'every byte, also what `redact` masks; for operators');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((options: ForwardOptions) => forward(context, options));
}

async function forward(context: CommandContext, options: ForwardOptions): Promise<void> {
  if (!URL.canParse(options.to) || !/^https?:$/.test(new URL(options.to).protocol)) {
    throw wrongUse(`--to is not a URL: ${options.to}`, 'For example http://localhost:3000/webhooks.');
  }
  const { createLocalTarget } = await import('./forward-target.ts');
  const admin = await connect(context, options);
  const signal = untilSignal(context);
  const target = createLocalTarget(options.to, signal);
  try {
    if (options.event !== undefined) await forwardOne(context, options, admin, target);
    else await forwardAll(context, options, admin, target, signal);
  } finally {
    await target.close();
  }
}

async function forwardOne(context: CommandContext, options: ForwardOptions, admin: AdminClient, target: LocalTarget) {
  const path = `/events/${encodeURIComponent(options.event ?? '')}`;
  const event = await admin.get<EventDetail>(path);
  const body = Buffer.from(await admin.bytes(`${path}/body`, options.raw ? { raw: 'true' } : {}));
  const result = await target.send({ ...event, bodyBase64: body.toString('base64') });
  tell(context, options, event, result);
  if (result.failure === null) return;
  throw new CommandError({ exitCode: 1, code: result.failure.code, message: result.failure.message });
}

async function forwardAll(
  context: CommandContext,
  options: ForwardOptions,
  admin: AdminClient,
  target: LocalTarget,
  signal: AbortSignal,
): Promise<void> {
  const { to, route = null, type = null, since, fresh } = options;
  const cursor = new ForwardCursor(context, { relay: admin.url, to, route, type });
  const after = since !== undefined || fresh ? null : await cursor.read();
  const query = {
    route: options.route,
    type: options.type,
    from: since,
    content: 'true',
    ...(options.raw ? { raw: 'true' } : {}),
  };
  const paint = painter(context.stderr);
  let introduced = false;
  for await (const followed of follow(admin, { query, after, signal })) {
    if (followed.kind === 'lost') {
      context.stderr.write(`${paint('yellow', 'connection lost:')} ${followed.why} Trying again …\n`);
    } else if (followed.kind === 'connected') {
      const from = after === null ? '' : ', going on where it stopped (--fresh to begin anew)';
      context.stderr.write(introduced ? 'connected again\n' : `Forwarding from ${admin.url} to ${to}${from}. Ctrl-C ends it.\n`);
      introduced = true;
    } else {
      const { id, event, data } = followed.message;
      if (event === 'event' && data !== null) await deliver(context, options, target, JSON.parse(data) as StreamedEvent, signal);
      // What was cut off by the end is sent again the next time.
      if (id !== null && !signal.aborted) await cursor.write(id);
    }
  }
}

/** Sends one event; an app that does not run is waited for. */
async function deliver(
  context: CommandContext,
  options: ForwardOptions,
  target: LocalTarget,
  event: StreamedEvent,
  signal: AbortSignal,
): Promise<void> {
  if (event.bodyBase64 === undefined) {
    context.stderr.write(`${painter(context.stderr)('red', 'left out:')} ${event.id} is damaged where the relay keeps it\n`);
    return;
  }
  for (let waiting = false; !signal.aborted; waiting = true) {
    const result = await target.send(event);
    if (result.failure?.code !== 'connection_refused') {
      tell(context, options, event, result);
      return;
    }
    if (!waiting) context.stderr.write(`${painter(context.stderr)('yellow', 'waiting:')} nothing listens at ${options.to}\n`);
    await wait(APP_WAIT_MS, signal);
  }
}

/** One line for each event. */
function tell(context: CommandContext, { json }: ForwardOptions, event: EventNames, result: AttemptResult): void {
  const { failure, statusCode, durationMs } = result;
  const { id: eventId, route, type } = event;
  if (json) {
    const record = { eventId, route, type, statusCode, durationMs: Math.round(durationMs * 10) / 10, error: failure };
    context.stdout.write(`${JSON.stringify(record)}\n`);
    return;
  }
  const paint = painter(context.stdout);
  const outcome = failure === null ? paint('green', String(statusCode)) : paint('red', failure.message);
  const cells = [paint('dim', clockTime(new Date().toISOString())), paint('cyan', printable(type ?? '-')), eventId];
  context.stdout.write(`${cells.join('  ')}  ${outcome}  ${paint('dim', `${Math.round(durationMs)} ms`)}\n`);
}

type EventNames = Pick<StreamedEvent, 'id' | 'route' | 'type'>;
