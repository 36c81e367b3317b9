import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Fault } from '../config/fault.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { QUICKSTART_ADDRESSES, QUICKSTART_FOLDER } from './admin-address.ts';
import { asTyped } from './as-typed.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { freePort } from './free-port.ts';
import type { LogLevel } from './log-level.ts';
import { type RelayUrls, runRelay } from './run-relay.ts';
import { type SampleReceiver, startSampleReceiver } from './sample-receiver.ts';
import { testRequest } from './test-request.ts';
import { painter } from './text.ts';

const ROUTE = { name: 'knowledgesdk', path: '/webhooks/knowledgesdk' };
const HOST = '127.0.0.1';
const PUBLIC_PORT = 8080;
const ADMIN_PORT = 8081;

/** For any POSIX shell, to be pasted. */
const REAL_CONFIGURATION = `cat > config.yaml <<'END'
routes:
  knowledgesdk:
    path: /webhooks/knowledgesdk
    verify: { provider: knowledgesdk, token: "\${KNOWLEDGESDK_WEBHOOK_TOKEN}" }
    deliver: http://127.0.0.1:3000/webhooks/knowledgesdk
END
export KNOWLEDGESDK_WEBHOOK_TOKEN=the-token-that-you-gave-to-KnowledgeSDK
  hookbay serve
`;

/** What a reload meets here: a file that was written since takes effect with the next start. */
const NO_FILE: Fault = {
  code: 'file_missing',
  file: null,
  line: 0,
  column: 0,
  path: '',
  message: 'this is the quickstart, which runs without a configuration file',
  expected: 'a configuration file, and a start over it: stop the quickstart, and start again',
};

/** A relay to try out: no configuration needed, a data folder and a token of its own that stay. */
export async function quickstart(context: CommandContext, options: { logLevel: LogLevel; json: boolean }): Promise<void> {
  const folder = join(context.cwd, QUICKSTART_FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const token = await keptToken(join(folder, 'token'));
  const receiver = await startSampleReceiver(HOST, (line) => context.stderr.write(`${painter(context.stderr)('cyan', line)}\n`));
  const publicPort = await freePort(HOST, PUBLIC_PORT);
  const adminPort = await freePort(HOST, Math.max(ADMIN_PORT, publicPort + 1));
  const config = quickstartConfig(context, { folder, token, receiver, publicPort, adminPort });
  try {
    await runRelay(context, {
      ...options,
      config,
      reloadConfig: async () => ({ ok: false, faults: [NO_FILE] }),
      ready: (urls) => {
        const introduced = introduce(context, { urls, token, folder });
        introduced.catch((error: Error) => context.stderr.write(`The test event could not be sent: ${error.message}\n`));
      },
    });
  } finally {
    await receiver.close();
  }
}

/** Made once, readable by this user only. */
async function keptToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(24).toString('base64url');
  await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  return token;
}

interface Places {
  folder: string;
  token: string;
  receiver: SampleReceiver;
  publicPort: number;
  adminPort: number;
}

/** Through the loader, like any other, so that its defaults are those of a real one. */
function quickstartConfig(context: CommandContext, places: Places): Config {
  const file = {
    listen: `${HOST}:${places.publicPort}`,
    admin: { listen: `${HOST}:${places.adminPort}` },
    storage: { url: `sqlite:${join(places.folder, 'hookbay.db')}` },
    targets: { sample: { url: `${places.receiver.url}${ROUTE.path}` } },
    routes: {
      [ROUTE.name]: { path: ROUTE.path, verify: { provider: 'knowledgesdk', token: places.token }, deliver: ['sample'] },
    },
  };
  const result = loadConfig(JSON.stringify(file), { file: null, cwd: context.cwd, env: {}, readFile: () => '' });
  if (result.ok) return result.config;
  const message = result.faults.map((fault) => fault.message).join('; ');
  throw new CommandError({ exitCode: 1, code: 'quickstart_failed', message: `The quickstart cannot run here: ${message}` });
}

/** One test event through the real public listener, then what to do next. */
async function introduce(context: CommandContext, at: { urls: RelayUrls; token: string; folder: string }): Promise<void> {
  await writeFile(join(at.folder, QUICKSTART_ADDRESSES), `${JSON.stringify(at.urls)}\n`);
  const hook = `${at.urls.public}${ROUTE.path}`;
  const { headers, body } = testRequest({ provider: 'knowledgesdk', secret: at.token, body: null }, Date.now());
  const answer = await fetch(hook, { method: 'POST', headers, body: new Uint8Array(body), signal: AbortSignal.timeout(10_000) });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the relay answered ${answer.status}`);
  context.stderr.write(welcome(context, { ...at, hook }));
}

function welcome(context: CommandContext, at: { urls: RelayUrls; hook: string; token: string; folder: string }): string {
  const paint = painter(context.stderr);
  const row = (name: string, value: string): string => `  ${paint('dim', name.padEnd(10))}${value}\n`;
  return [
    `\n${paint('bold', 'Hookbay is running.')} No configuration was found, so this is the quickstart.\n\n`,
    row('Webhooks', at.hook),
    row('Page', `${at.urls.admin}/`),
    row('Token', at.token),
    row('Data', `./${relative(context.cwd, at.folder)} (kept; delete it to start over)`),
    `\nSend it a webhook from another terminal:\n\n${curlLine(at.hook, at.token)}\n\n`,
    `${paint('dim', 'Ctrl-C stops it. For your own app, write a configuration with its address, and start again:')}\n\n`,
    `${asTyped(context, REAL_CONFIGURATION)}\n`,
  ].join('');
}

/** One line for any POSIX shell, with a fresh dedup key each time that it is run. */
function curlLine(hook: string, token: string): string {
  const body = {
    event: 'EXTRACTION_COMPLETED',
    payload: { url: 'https://example.com' },
    timestamp: '2026-03-20T14:30:00.000Z',
    version: 1,
  };
  return [
    `curl -sS -w '\\n' ${hook}`,
    "-H 'content-type: application/json'",
    `-H 'x-knowledgesdk-webhook-token: ${token}'`,
    '-H "x-knowledgesdk-dedup-key: msg_$(date +%s%N)_$$"',
    `-d '${JSON.stringify(body)}'`,
  ].join(' ');
}
