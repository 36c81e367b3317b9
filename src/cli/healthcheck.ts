import { readFileSync } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { Command } from 'commander';
import { fileAddresses, reachable, unknownHere } from './admin-address.ts';
import { CommandError, wrongUse } from './command-error.ts';
import { configFile } from './config-file.ts';
import type { CommandContext } from './context.ts';
import { printJson } from './print.ts';

interface HealthOptions {
  url?: string;
  config?: string;
  ready?: boolean;
  json?: boolean;
}

const TIMEOUT_MS = 3000;
const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_LISTEN = { host: '127.0.0.1', port: 8080 };

const EXAMPLES = `
Asks whether the process is alive, so that a full disk does not become a restart loop.
With --ready it asks whether webhooks are taken now.

Examples:
  hookbay healthcheck
  hookbay healthcheck --url http://127.0.0.1:8080 --ready`;

export function addHealthcheck(program: Command, context: CommandContext): void {
  program
    .command('healthcheck')
    .description('exit 0 if the relay is alive, 1 if not')
    .option('--url <url>', 'public address of the relay (default: from the configuration file)')
    .option('-c, --config <file>', 'configuration file to take the address from')
    .option('--ready', 'ask whether it takes webhooks instead')
    .option('--json', 'print the result as JSON, for programs')
    .addHelpText('after', EXAMPLES)
    .action(async (options: HealthOptions) => {
      const own = options.url === undefined ? await ownListener(context, options.config) : null;
      const base = own?.url ?? options.url ?? DEFAULT_URL;
      if (!URL.canParse(base)) throw wrongUse(`--url needs a URL; this is not one: ${base}`, `For example ${DEFAULT_URL}.`);
      const url = new URL(options.ready ? '/readyz' : '/healthz', base);
      const { status, error } = await ask(url, own?.tls ?? {});
      const ok = status !== null && status >= 200 && status < 300;
      if (options.json) printJson(context, { ok, url: url.href, status, error });
      else if (ok) context.stdout.write('ok\n');
      if (ok) return;
      const message = `${url.href} ${status === null ? `did not answer: ${error}` : `answered ${status}`}`;
      throw new CommandError({ exitCode: 1, code: 'unhealthy', message });
    });
}

interface OwnListener {
  url: string;
  tls: ConnectionOptions;
}

async function ownListener(context: CommandContext, named: string | undefined): Promise<OwnListener> {
  const file = configFile(context, named);
  if (file === null) return { url: DEFAULT_URL, tls: {} };
  const { listen, certFile } = await fileAddresses(context, file);
  if (listen.kind === 'unknown') throw unknownHere(file, 'listen', listen.why, 'Set it, or give --url.');
  const at = reachable(listen.kind === 'absent' ? DEFAULT_LISTEN : listen.value);
  if (certFile.kind === 'absent') return { url: `http://${at}`, tls: {} };
  const { ownListenerTls } = await import('../config/own-listener.ts');
  const certificate = (): string | null => (certFile.kind === 'known' ? contents(certFile.value) : null);
  const url = `https://${at}`;
  return { url, tls: ownListenerTls(new URL(url).hostname.replace(/^\[|\]$/g, ''), certificate) };
}

function contents(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Plain node:http: this runs every few seconds, and loading a client would be most of its work. */
function ask(url: URL, tls: ConnectionOptions): Promise<{ status: number | null; error: string | null }> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve) => {
    const request = get(url, { ...tls, timeout: TIMEOUT_MS, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? null, error: null });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', (error) => resolve({ status: null, error: error.message }));
  });
}
