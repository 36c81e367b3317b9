import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../../src/cli/free-port.ts';
import { isRecord } from '../support/admin-client.ts';
import { ChildProgram } from '../support/child-program.ts';
import { hookbay } from '../support/command-line.ts';
import { blocksOf, commandsOf, PAGES, readPage } from '../support/documents.ts';
import { ENTRY } from '../support/entry.ts';
import { postEvent } from '../support/event-client.ts';
import { ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { exampleEnvironment } from '../support/provider-secrets.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { newFolder, RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

// Every command that the documents tell people to run is run here, on a real relay, or stands below with the reason why not.

const run = promisify(execFile);

/** Not run here, and who does. */
const ELSEWHERE: readonly [command: RegExp, reason: string][] = [
  [
    /^npm (start|test|ci|install|pack)\b/,
    'the start is run by first-command.test.ts, the tests by whoever reads this; packing builds everything once more',
  ],
  [/^(node src\/main[.]ts|hookbay) serve\b/, 'every test that has a relay starts it so'],
  [
    /^(cat > config[.]yaml|export KNOWLEDGESDK)/,
    'first-command.test.ts compares it with what the quickstart prints, and runs that',
  ],
  [/^node examples\/sample-app/, 'sample-app.test.ts runs it'],
  [/^npx vitest run/, 'it names a test that is only an example'],
  [/^kill -9/, 'it is no command but what the kill loop does'],
  [/^docker (build|run|buildx|compose up)\b/, 'it needs a container engine, which a test cannot expect'],
  [/^(install|cp|systemctl) /, 'it changes the machine; the unit is read by docs-examples.test.ts'],
  [/^sqlite3 /, 'it needs the program sqlite3'],
];

/** Left out by the text around them. */
const COMPLETED: Readonly<Record<string, string>> = {
  'hookbay replay': 'hookbay replay EVENT',
  'hookbay export': 'hookbay export --all --no-wait',
  hookbay: 'hookbay --help',
  'hookbay forward': 'hookbay forward --to http://localhost:3000/',
  'hookbay forward --raw': 'hookbay forward --raw --to http://localhost:3000/',
  'hookbay send --route': 'hookbay send --route knowledgesdk',
  'hookbay init': 'hookbay init -o first.yaml',
};

/** They go on until they are ended. */
const ENDLESS = /^hookbay (tail|forward)\b/;

let app: Receiver;
let relay: RelayProcess;
let environment: Record<string, string>;

/** A route for each provider that has a `send` on its page, by the lines that the page shows for it. */
function providerRoutes(values: Record<string, string>): Record<string, unknown> {
  const page = 'docs/providers.md';
  const blocks = blocksOf(page).filter(({ language }) => language === 'yaml');
  const routes: Record<string, unknown> = {};
  for (const { place, text } of commandsOf(page)) {
    const [, name, variable = ''] = /^hookbay send --provider (\S+) .*"\$(\w+)"/.exec(text) ?? [];
    const above = blocks.filter(({ line }) => line < Number(place.split(':')[1]));
    const shown = above.findLast(({ text: lines }) => lines.includes(variable)) ?? above.at(-1);
    if (name === undefined || shown === undefined) continue;
    const inJson = (key: string): string => JSON.stringify(values[key] ?? '').slice(1, -1);
    const filled = JSON.stringify(parse(shown.text)).replaceAll(/\$\{([A-Z_0-9]+)\}/g, (_all, key: string) => inJson(key));
    const route = JSON.parse(filled) as { verify: Record<string, unknown> };
    // Some bring their secret with a handshake; it can be configured as well.
    const verify = shown.text.includes('${') ? route.verify : { ...route.verify, secret: values[variable] };
    routes[name] = { path: `/webhooks/${name}`, deliver: ['app'], ...route, verify };
  }
  return routes;
}

const secretsOf = (): Record<string, string> => {
  const page = readPage('docs/providers.md');
  return exampleEnvironment(page + page.replaceAll(/"\$([A-Z_0-9]+)"/g, `\${$1}`));
};

beforeAll(async () => {
  app = await startReceiver();
  environment = { ...secretsOf(), KNOWLEDGESDK_WEBHOOK_TOKEN: TOKEN };
  const folder = newFolder();
  writeFileSync(join(folder, 'strict.json'), JSON.stringify({ type: 'object', required: ['of'] })); // what comes is held
  relay = await RelayProcess.start({
    target: `${app.url}/`,
    folder,
    config: {
      alert: { url: `${app.url}/alerts` },
      publicUrl: 'https://hooks.example.com',
      listen: `127.0.0.1:${await freePort('127.0.0.1', 20_000)}`, // a healthcheck finds it there
      targets: { app: { url: `${app.url}/` }, knowledgesdk: { url: `${app.url}/` } },
      routes: {
        ...providerRoutes(environment),
        knowledgesdk: {
          path: ROUTE_PATH,
          verify: { provider: 'knowledgesdk', token: TOKEN },
          deliver: ['knowledgesdk', 'app'],
        },
        shop: { path: '/webhooks/shop', verify: 'none', deliver: ['app'], dedup: { key: 'header:x-key' } },
        strict: { path: '/webhooks/strict', verify: 'none', deliver: ['app'], schema: { file: './strict.json' } },
      },
    },
  });
  Object.assign(environment, {
    HOOKBAY_ADMIN_URL: relay.adminUrl,
    HOOKBAY_ADMIN_TOKEN: 'not-needed-on-loopback',
    XDG_STATE_HOME: join(relay.folder, 'state'),
  });
});
afterAll(async () => {
  await relay.remove();
  await app.close();
});

async function only(path: string): Promise<Record<string, unknown>> {
  const page = await relay.admin.get(path);
  const [first] = isRecord(page) && Array.isArray(page.data) ? page.data : [];
  if (!isRecord(first)) throw new Error(`nothing in ${path}`);
  return first;
}

async function freshEvent(route: string, body = '{}'): Promise<Record<string, unknown>> {
  await fetch(`${relay.publicUrl}/webhooks/${route}`, { method: 'POST', headers: { 'x-key': String(Math.random()) }, body });
  return only(`/api/v1/events?route=${route}&limit=1`);
}

/** A bulk replay that goes on for hours. */
async function openTask(): Promise<string> {
  for (let i = 0; i < 3; i += 1) await freshEvent('shop');
  const task = await relay.admin.post('/api/v1/replays', { filter: { route: 'shop' }, rateLimit: '1/h' });
  return isRecord(task) ? String(task.taskId) : '';
}

/** Puts what there is in the place of what stands for it in the text. */
async function filled(command: string): Promise<string> {
  const isHeld = command.includes('--release');
  let text = command
    .replace('docker exec hookbay ', '')
    .replace('docker compose exec hookbay ', '')
    .replace(/^npm run (-s )?hookbay( --)?/, 'hookbay')
    .replace(/^(hookbay \w+) -- /, '$1 ');
  text = (COMPLETED[text] ?? text)
    .replaceAll('http://127.0.0.1:8080', relay.publicUrl)
    .replaceAll(/https?:\/\/(127\.0\.0\.1|relay\.internal):8081/g, relay.adminUrl)
    .replaceAll('http://localhost:3000', app.url)
    .replace('arm ROUTE', 'arm asana')
    .replace(/^curl /, 'curl --fail-with-body ');
  if (/\bKEY\b/.test(text)) text = text.replace('KEY', String((await freshEvent('shop')).dedupKey));
  if (/\bFILE\b/.test(text)) text = text.replace('FILE', join(relay.folder, 'body.json'));
  if (/\btask_\w+/.test(text)) text = text.replace(/task_\w+/, await openTask());
  if (/^hookbay deliveries ID/.test(text)) {
    const event = await freshEvent(isHeld ? 'strict' : 'shop');
    const delivery = await only(`/api/v1/deliveries?eventId=${String(event.id)}`);
    text = text.replace('ID', String(delivery.id));
  }
  if (/\b(EVENT|ID|evt_\w+)$|\b(EVENT|ID|evt_\w+) --/.test(text)) {
    const event = await freshEvent('shop');
    text = text.replace(/\b(EVENT|ID|evt_\w+)(?= --|$)/, String(event.id));
  }
  return text;
}

/** What is typed: the usual answers of `init`, and a yes where something is deleted. */
const answersTo = (command: string): string => (command.startsWith('hookbay init') ? '\n\n' : 'yes\n');

/** Runs it as a shell would, but the command itself in this process. */
async function done(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = { ...process.env, ...environment };
  if (!command.startsWith('hookbay ')) {
    const { stdout, stderr } = await run('sh', ['-c', command], { cwd: relay.folder, env });
    return { exitCode: 0, stdout, stderr };
  }
  const words = await run('sh', ['-c', `printf '%s\\0' ${command}`], { cwd: relay.folder, env });
  const argv = words.stdout.split('\0').slice(1, -1);
  return hookbay(argv, { env: environment, cwd: relay.folder, stdin: answersTo(command), terminal: 120 });
}

async function goesOn(command: string): Promise<void> {
  const argv = command.split(' ').slice(1);
  const program = new ChildProgram([process.execPath, ENTRY, ...argv], {
    cwd: relay.folder,
    env: { ...process.env, ...environment },
  });
  try {
    const shown = waitFor(`output of ${command}`, async () => {
      await postEvent(relay.hookUrl, { key: String(Math.random()) });
      return program.lines.some((line) => line.includes('evt_'));
    });
    await shown;
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ code: 0, signal: null });
  } finally {
    await program.kill();
  }
}

/** The other half of a backup: where the database is gone. */
async function restored(command: string): Promise<void> {
  const folder = join(relay.folder, 'elsewhere');
  mkdirSync(folder);
  const backup = join(relay.folder, 'hookbay-monday.db');
  if (!existsSync(backup)) await done(`hookbay backup ${backup}`);
  for (const name of ['hookbay-monday.db', 'config.yaml', 'strict.json'])
    copyFileSync(join(relay.folder, name), join(folder, name));
  const result = await hookbay(command.split(' ').slice(1), { env: environment, cwd: folder });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readFileSync(join(folder, 'data/hookbay.db')).subarray(0, 6).toString()).toBe('SQLite');
}

const scripts = (JSON.parse(readPage('package.json')) as { scripts: Record<string, string> }).scripts;
const all = PAGES.flatMap(commandsOf).filter(({ text }) => !ELSEWHERE.some(([command]) => command.test(text)));
const isOurs = (text: string): boolean => !/^npm run (?!(-s )?hookbay\b)/.test(text);

describe('every command of the documents', () => {
  it('is there', () => expect(all.length).toBeGreaterThan(120));

  it.each(PAGES)('%s has nothing in its shell blocks that is not taken for one', (page) => {
    const known = commandsOf(page).map(({ text }) => text);
    const lines = blocksOf(page)
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.split('\n'))
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
    for (const line of lines) expect(known.some((text) => text.includes(line.replace(/ +# .*$/, '')))).toBe(true);
  });

  it.each(ELSEWHERE)('%s is needed as an exception', (command) => {
    expect(PAGES.flatMap(commandsOf).some(({ text }) => command.test(text))).toBe(true);
  });

  it.each(all.filter(({ text }) => !isOurs(text)).map(({ place, text }) => [`${place}: ${text}`, text]))(
    '%s is a script',
    (_name, text) => {
      const [, script = '', scenario] = /^npm run (?:-s )?([\w:]+)(?: -- ([\w-]+))?/.exec(text) ?? [];
      expect(scripts).toHaveProperty([script]);
      if (script === 'bench' && scenario !== undefined) expect(readPage('bench/run.ts')).toContain(camelCase(scenario));
    },
  );

  it.each(all.filter(({ text }) => isOurs(text)).map(({ place, text }) => [`${place}: ${text}`, text]))(
    '%s works',
    async (_name, text) => {
      writeFileSync(join(relay.folder, 'body.json'), '{"id":"evt_from_a_file","type":"charge.succeeded"}');
      const command = await filled(text);
      if (ENDLESS.test(command)) return goesOn(command);
      if (command.startsWith('hookbay restore')) return restored(command);
      const { exitCode, stdout, stderr } = await done(command);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout.length + stderr.length).toBeGreaterThan(0);
    },
    20_000,
  );
});

const camelCase = (name: string): string => name.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
