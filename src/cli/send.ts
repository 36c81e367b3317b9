import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { asTyped } from './as-typed.ts';
import { CommandError, wrongUse } from './command-error.ts';
import { connect } from './connect.ts';
import type { CommandContext } from './context.ts';
import { type AdminOptions, addAdminOptions } from './options.ts';
import { printJson } from './print.ts';
import { painter, printable } from './text.ts';

type SendOptions = AdminOptions & {
  route?: string;
  to?: string;
  provider: string;
  secret?: string;
  hmac?: string;
  param?: string[];
  publicUrl?: string;
  event?: string;
  payload?: string;
  data?: string;
};

/** What a route of a relay answered to its test event. */
interface RouteAnswer {
  statusCode: number;
  eventId: string | null;
  code: string | null;
}

/** What any other receiver answered. */
interface UrlAnswer {
  statusCode: number;
  body: string;
}

const EXAMPLES = `
Examples:
  hookbay send --route knowledgesdk
  hookbay send --route knowledgesdk --event EXTRACTION_COMPLETED --payload payload.json
  hookbay send --to http://127.0.0.1:3000/webhooks/knowledgesdk --provider knowledgesdk --secret the-webhook-token
  hookbay send --to http://127.0.0.1:3000/webhooks/stripe --provider stripe --secret whsec_the-secret-of-the-endpoint
  hookbay send --to http://127.0.0.1:8080/hooks --provider twilio --secret the-auth-token --public-url https://hooks.example.com`;

export function addSend(program: Command, context: CommandContext): void {
  const command = program
    .command('send')
    .description('send a signed test event: to a route of a running relay, or to any URL')
    .option('-r, --route <name>', 'route of the relay; signed with its own credentials and received like a real webhook')
    .option('--to <url>', 'send it straight to this URL instead')
    .option('-p, --provider <name>', 'with --to: sign as this provider does', 'knowledgesdk')
    .option('--secret <secret>', 'with --to: the token or secret that the receiver expects')
    .option('--hmac <secret>', 'with --to: the HMAC secret that a receiver of KnowledgeSDK callbacks expects')
    .option('--param <name=value...>', 'with --to: what the provider needs besides, for example header=x-my-token')
    .option('--public-url <url>', 'with --to: the URL that a provider signs, where it is not that one')
    .option('-e, --event <type>', 'event type in place of the test type')
    .option('--payload <file>', "JSON for the event's payload; - reads standard input")
    .option('-d, --data <file>', 'with --to: the whole body, byte for byte; - reads standard input');
  addAdminOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: SendOptions) => {
      const { route, to } = options;
      if ((route === undefined) === (to === undefined)) {
        throw wrongUse('Name either --route or --to.', 'A route of the running relay: `hookbay send --route knowledgesdk`.');
      }
      if (route !== undefined) await toRoute(context, route, options);
      else if (to !== undefined) await toUrl(context, to, options);
    });
}

async function toRoute(context: CommandContext, route: string, options: SendOptions): Promise<void> {
  const { secret, hmac, param, publicUrl } = options;
  if (secret !== undefined || hmac !== undefined || param !== undefined || publicUrl !== undefined) {
    throw wrongUse('--secret, --hmac, --param and --public-url are only for --to: a route has its own.');
  }
  if (options.data !== undefined)
    throw wrongUse('--data is only for --to.', 'For a route give the payload alone, with --payload.');
  const payload = await payloadOf(context, options.payload);
  const admin = await connect(context, options);
  const request = {
    ...(options.event === undefined ? {} : { type: options.event }),
    ...(payload === undefined ? {} : { payload }),
  };
  const answer = await admin.post<RouteAnswer>(`/routes/${encodeURIComponent(route)}/test`, request);
  report(context, answer, `${answer.eventId ?? ''} ${answer.code ?? ''}`.trim(), options);
  if (!options.json && answer.eventId !== null)
    context.stderr.write(asTyped(context, `See what became of it: \`hookbay events ${printable(answer.eventId)}\`\n`));
}

/** @throws CommandError for what is no http or https URL */
function urlIn(option: string, text: string): URL {
  if (!URL.canParse(text))
    throw wrongUse(`${option} needs a URL; this is not one: ${text}`, 'For example http://127.0.0.1:3000/webhooks.');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrongUse(`${option} needs an http or https URL, not ${url.protocol}`);
  return url;
}

async function toUrl(context: CommandContext, text: string, options: SendOptions): Promise<void> {
  const url = urlIn('--to', text);
  if (options.data !== undefined && (options.event !== undefined || options.payload !== undefined)) {
    throw wrongUse('--data is the whole body: --event and --payload do not go with it.');
  }
  const { publicUrl: signed, ...rest } = options;
  const publicUrl = signed === undefined ? {} : { publicUrl: urlIn('--public-url', signed) };
  const data = options.data === undefined ? null : await bytesOf(context, options.data);
  const payload = await payloadOf(context, options.payload);
  const { testRequest } = await import('./test-request.ts');
  const { headers, body, query } = testRequest({ ...rest, ...publicUrl, url, payload, body: data }, Date.now());
  if (query !== url.search.slice(1)) url.search = query; // some providers put their proof there
  const answer = await post(url, headers, body);
  report(context, answer, answer.body.slice(0, 2000).trim(), options);
}

async function post(url: URL, headers: Record<string, string>, body: Buffer): Promise<UrlAnswer> {
  const { default: got } = await import('got');
  const sending = {
    headers,
    body,
    throwHttpErrors: false,
    followRedirect: false,
    retry: { limit: 0 },
    timeout: { request: 30_000 },
  };
  return got
    .post(url, sending)
    .then((response): UrlAnswer => ({ statusCode: response.statusCode, body: response.body }))
    .catch((cause: Error) => {
      const message = `Nothing came back from ${url.origin}: ${cause.message}`;
      throw new CommandError({ exitCode: 1, code: 'send_failed', message }, { cause });
    });
}

function report(context: CommandContext, answer: RouteAnswer | UrlAnswer, text: string, options: SendOptions): void {
  const { statusCode } = answer;
  const ok = statusCode >= 200 && statusCode < 300;
  if (options.json) printJson(context, answer);
  else context.stdout.write(`${painter(context.stdout)(ok ? 'green' : 'red', String(statusCode))} ${printable(text)}\n`);
  if (ok) return;
  const hint = statusCode === 401 && options.to !== undefined ? credentialHint(options) : undefined;
  throw new CommandError({ exitCode: 1, code: 'send_refused', message: `The receiver answered ${statusCode}.`, hint });
}

function credentialHint({ provider, secret, hmac }: SendOptions): string {
  const given = [...(secret === undefined ? [] : ['--secret']), ...(hmac === undefined ? [] : ['--hmac'])];
  if (given.length === 0) return 'Give the credential that it expects with --secret or --hmac.';
  return `It refused the credential of ${given.join(' and ')}: is it the one that the receiver has, and is ${printable(provider)} the provider that it expects?`;
}

async function payloadOf(context: CommandContext, file: string | undefined): Promise<unknown> {
  if (file === undefined) return undefined;
  const text = (await bytesOf(context, file)).toString();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrongUse(`The payload is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

async function bytesOf(context: CommandContext, file: string): Promise<Buffer> {
  if (file !== '-') {
    return readFile(resolve(context.cwd, file)).catch((cause: Error) => {
      throw wrongUse(`The file cannot be read: ${cause.message}`);
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of context.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
