import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hookbay } from '../support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookbay-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the program', () => {
  const commands = [
    'serve',
    'check',
    'reload',
    'send',
    'events',
    'deliveries',
    'replay',
    'export',
    'tasks',
    'rejections',
    'targets',
    'arm',
    'providers',
    'healthcheck',
  ];

  it.each(commands)('%s --help exits 0 with an example and --json', async (command) => {
    const { exitCode, stdout } = await hookbay([command, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\\n  hookbay ${command}`));
    expect(stdout).toContain('--json');
  });

  it('prints its version', async () => {
    expect(await hookbay(['--version'])).toMatchObject({ exitCode: 0, stdout: '0.0.0-test\n' });
  });

  it.each([
    [['evnts'], 'Did you mean events?'],
    [['events', '--limit', '0'], 'whole number from 1 to 100'],
    ...['yesterday', '5', '40', 'monday 3', '2026', '2026-13-01', '2026-02-30', '2026-03-20 14:30', '5y', '-5m', ''].flatMap(
      (time): [string[], string][] =>
        ['--from', '--to'].map((option) => [['events', '--delete', option, time], '90s, 15m, 2h or 7d']),
    ),
    [['tail', '--since', '5'], '90s, 15m, 2h or 7d'],
    ...['events', 'deliveries', 'replay', 'export'].map((command): [string[], string] => [
      [command, '--status', 'dad'],
      'Allowed choices are pending, delivered, dead, filtered, cancelled, held.',
    ]),
    [['deliveries', '--retry'], 'needs the id of a delivery'],
    [['deliveries', 'dlv_1', '--retry', '--cancel'], 'Only one of'],
    [['replay'], 'Say what to replay'],
    [['replay', 'evt_1', '--status', 'dead'], 'not both'],
    [['replay', 'evt_1', '--callback-url', 'https://app.example.com'], 'only for a filter'],
    [['replay', 'dlv_1', '--idempotency-key', 'k'], 'only for an event or a filter'],
    [['export', '--all'], 'Say where to write'],
    [['export', '-o', 'new.ndjson'], 'Say what to export'],
    [['export', '--all', '-o', 'new.ndjson', '--no-wait'], 'nothing is downloaded'],
    [['export', '--all', '-o', import.meta.filename], 'is there already'],
    [['tasks', 'task_1', '--cancel', 'task_2'], 'not both'],
    [['targets', '--pause'], 'needs the name of a target'],
    [['arm', 'asana', '--minutes', '90'], 'whole number from 1 to 60'],
    [['arm', 'asana', '--off', '--show'], 'Only one of'],
    [['send'], 'Name either --route or --to'],
    [['send', '--to', 'nonsense'], 'needs a URL'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'acme'], 'There are: knowledgesdk'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'strpe'], 'Did you mean stripe?'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'discord'], 'private key that only Discord has'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'sns', '--secret', 'x'], 'Have Amazon SNS send a test event'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'assemblyai'], 'assemblyai needs --param header=…'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'stripe', '--param', 'a=b'], 'stripe has no parameter "a"'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'postmark', '--param', 'user'], '--param needs name=value'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'std', '--secret', 'no base64'], 'this secret is not base64'],
    [['send', '--to', 'http://127.0.0.1:1', '--provider', 'twilio', '--public-url', 'x'], '--public-url needs a URL'],
    [['send', '--route', 'app', '--param', 'a=b'], 'a route has its own'],
    [['serve', '--log-level', 'loud'], 'Allowed choices'],
    [['events', '--url', 'nonsense'], 'not a URL'],
    [['check'], 'no configuration to check'],
  ])('%j is wrong use: exit 2 and what to do', async (argv, message) => {
    const { exitCode, stdout, stderr } = await hookbay(argv);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('tells errors as JSON when asked for JSON', async () => {
    const { exitCode, stderr } = await hookbay(['replay', '--json']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'wrong_use', message: 'Say what to replay.' } });
  });
});

describe('a clone, where `hookbay` is a script of npm', () => {
  const env = { npm_package_name: 'hookbay', npm_lifecycle_event: 'hookbay' };

  it.each([
    [['deliveries', '--retry'], 'npm run -s hookbay replay -- --status dead --target app'],
    [['events', '--url', 'http://127.0.0.1:1'], '`npm start`'],
    [['--help'], '`npm start`'],
    [['events', '--help'], '\n  npm run -s hookbay events -- --status dead --from 1d\n'],
    [['targets', '--help'], '\n  npm run -s hookbay targets\n'],
  ])('%j shows commands as they are typed there', async (argv, shown) => {
    const inClone = await hookbay(argv, { env });
    expect(inClone.stdout + inClone.stderr).toContain(shown);
    const elsewhere = await hookbay(argv, { env: { ...env, npm_package_name: 'shop' } });
    expect(elsewhere.stdout + elsewhere.stderr).not.toContain('npm ');
  });
});

describe('check', () => {
  const good =
    'routes:\n  hooks:\n    path: /hooks\n    verify: { provider: knowledgesdk, token: "${TOKEN}" }\n    deliver: http://127.0.0.1:9/\n';
  const env = { TOKEN: 'canary-of-the-token' };

  it('shows the whole configuration with its defaults, secrets hidden', async () => {
    const { exitCode, stdout } = await hookbay(['check', file('good.yaml', good)], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('timeout: 30s');
    expect(stdout).not.toContain(env.TOKEN);
  });

  it('finds HOOKBAY_CONFIG before ./config.yaml, and --config before both', async () => {
    file('config.yaml', good.replace('hooks:', 'default:'));
    const named = file('named.yaml', good.replace('hooks:', 'named:'));
    const other = file('other.yaml', good.replace('hooks:', 'other:'));
    const route = async (argv: string[], more: Record<string, string>): Promise<string[]> => {
      const { stdout } = await hookbay(['check', '--json', ...argv], { cwd: folder, env: { ...env, ...more } });
      return Object.keys((JSON.parse(stdout) as { config: { routes: object } }).config.routes);
    };
    expect(await route([], {})).toEqual(['default']);
    expect(await route([], { HOOKBAY_CONFIG: named })).toEqual(['named']);
    expect(await route(['--config', 'other.yaml'], { HOOKBAY_CONFIG: named })).toEqual([other].map(() => 'other'));
  });

  describe('--explain', () => {
    const retried =
      'targets:\n  app: { url: "http://u:pass-of-app@a/", retry: { jitter: 0, pauseOn: [410] } }\n  same: { url: "http://b/", retry: { jitter: 0, pauseOn: [410] } }\n  once: { url: "http://c/", retry: { attempts: 1, deadOn: [4xx] } }\nroutes: { h: { path: /h, verify: none, deliver: [app, same, once] } }\n';

    it('says when each target is tried again, the long tail folded, those that are alike together', async () => {
      const { exitCode, stdout } = await hookbay(['check', '--explain', file('retried.yaml', retried)]);
      expect(exitCode).toBe(0);
      expect(stdout).toBe(
        [
          'app  http://[hidden]@a/',
          'same  http://b/',
          '',
          'budget            24 attempts, the last one after 2d 23h',
          'tried again       3xx, 4xx (not 410), 5xx, timeouts and network errors',
          'pause the target  410',
          'Retry-After       when it is longer than the wait, up to 1h',
          '',
          'ATTEMPT  WAIT             SINCE THE FIRST',
          '      1  -                -',
          '      2  5s               5s',
          '      3  10s              15s',
          '      4  20s              35s',
          '      5  40s              1m 15s',
          '      6  1m 20s           2m 35s',
          '      7  2m 40s           5m 15s',
          '      8  5m 20s           10m 35s',
          '      9  10m 40s          21m 15s',
          '     10  21m 20s          42m 35s',
          '     11  42m 40s          1h 25m',
          '     12  1h 25m           2h 51m',
          '     13  2h 51m           5h 41m',
          '     14  5h 41m           11h 23m',
          '     15  6h               17h 23m',
          '      …  then every 6h',
          '     24  6h               2d 23h',
          '',
          'once  http://c/',
          '',
          'budget        one attempt, no retry',
          'dead at once  4xx',
          '',
        ].join('\n'),
      );
    });

    it('and the same for programs, every attempt', async () => {
      const { stdout } = await hookbay(['check', '--explain', '--json', file('retried.yaml', retried)]);
      const { explain } = JSON.parse(stdout) as { explain: Record<string, { plan: unknown[]; attempts: number }> };
      expect(Object.keys(explain)).toEqual(['app', 'same', 'once']);
      expect(explain.app).toMatchObject({
        attempts: 24,
        durationMs: null,
        retryAfterMaxMs: 3_600_000,
        statuses: { pause: [410] },
      });
      expect(explain.app?.plan).toHaveLength(24);
      const wait = { plain: 10_000, least: 10_000, most: 10_000 };
      expect(explain.app?.plan[2]).toEqual({ number: 3, waitMs: wait, sinceMs: { plain: 15_000, least: 15_000, most: 15_000 } });
    });
  });

  it('tells every fault at once and exits 2', async () => {
    const bad = file('bad.yaml', good.replace('path: /hooks', 'pth: /hooks').replace('http://127', 'ftp://127'));
    const { exitCode, stderr } = await hookbay(['check', bad], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean: path');
    expect(stderr).toMatch(/bad\.yaml:3:\d+/);
    expect(stderr).toMatch(/bad\.yaml:5:\d+/);
    expect(stderr).toContain('3 faults in the configuration.\n');
    expect(stderr).not.toContain('hookbay check');
    expect((await hookbay(['serve', '--config', bad], { env })).stderr).toMatch(/nothing was started\.[\s\S]*`hookbay check`/);
  });

  it.each(['check', 'serve'])('%s: a named file that is missing is a fault, never a quickstart', async (command) => {
    const { exitCode, stderr } = await hookbay([command, '--config', 'nowhere.yaml'], { cwd: folder });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('nowhere.yaml');
  });
});

describe('commands that talk to a server', () => {
  let server: Server;
  let base: string;
  let answer: { status: number; body: string; headers?: Record<string, string> };
  /** Answers 200 with this in place of `answer`, where set. */
  let answerTo: ((url: string) => string | undefined) | undefined;
  const requests: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers']; body: string }[] =
    [];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      const prepared = answerTo?.(request.url ?? '');
      if (prepared === undefined) response.writeHead(answer.status, answer.headers).end(answer.body);
      else response.end(prepared);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    requests.splice(0);
    answerTo = undefined;
  });
  afterAll(() => server.close());

  it('healthcheck asks /healthz and exits 0 on 2xx only', async () => {
    answer = { status: 200, body: '' };
    expect((await hookbay(['healthcheck', '--url', base])).exitCode).toBe(0);
    answer = { status: 503, body: '' };
    expect((await hookbay(['healthcheck', '--url', base])).exitCode).toBe(1);
    expect((await hookbay(['healthcheck', '--url', base, '--ready', '--json'])).stdout).toContain('"status":503');
    expect(requests.map(({ url }) => url)).toEqual(['/healthz', '/healthz', '/readyz']);
  });

  it('healthcheck finds the listener of the configuration', async () => {
    answer = { status: 200, body: '' };
    const listen = base.replace('http://127.0.0.1', '0.0.0.0');
    const config = file(
      'listen.yaml',
      `listen: ${listen}\nroutes: { a: { path: /a, verify: none, deliver: "http://127.0.0.1:9/" } }\n`,
    );
    expect((await hookbay(['healthcheck', '--config', config])).exitCode).toBe(0);
  });

  describe('with a configuration whose secrets are not set in this terminal', () => {
    const configured = (more = ''): string =>
      file(
        'secrets.yaml',
        `listen: ${base.slice(7)}\nadmin:\n  listen: ${base.slice(7)}\n${more}routes: { a: { path: /a, verify: { provider: knowledgesdk, token: "\${HOOK_TOKEN}" }, deliver: "http://127.0.0.1:9/" } }\n`,
      );
    const withToken = '  token: "${ADMIN_TOKEN}"\n';

    beforeEach(() => {
      answer = { status: 200, body: '{"data":[],"nextCursor":null}' };
    });

    it.each([['events'], ['healthcheck']])('%s asks the relay of the file', async (command) => {
      expect(await hookbay([command, '--config', configured()])).toMatchObject({ exitCode: 0 });
      expect(requests).toHaveLength(1);
    });

    it('healthcheck needs no token', async () => {
      expect(await hookbay(['healthcheck', '--config', configured(withToken)])).toMatchObject({ exitCode: 0 });
    });

    it('names the variable of the admin token, and asks nobody', async () => {
      const { exitCode, stderr } = await hookbay(['events', '--config', configured(withToken)]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('ADMIN_TOKEN is not set');
      expect(requests).toEqual([]);
    });

    it('takes the token from the options, or from the first of a list that is known', async () => {
      await hookbay(['events', '--config', configured(withToken), '--token', 'given']);
      const list = '  token: ["${NEW_TOKEN}", "${ADMIN_TOKEN}"]\n';
      await hookbay(['events', '--config', configured(list)], { env: { ADMIN_TOKEN: 'of-the-list' } });
      expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer given', 'Bearer of-the-list']);
    });

    it("acts in nobody else's name while admin.token is not known", async () => {
      const named = '  tokens: [{ name: ana, token: the-token-of-ana, role: operator }]\n';
      const asked = await hookbay(['events', '--config', configured(withToken + named)]);
      expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ADMIN_TOKEN is not set') });
      expect(requests).toEqual([]);
      await hookbay(['events', '--config', configured(withToken + named)], { env: { ADMIN_TOKEN: 'own' } });
      await hookbay(['events', '--config', configured(named)]);
      expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer own', 'Bearer the-token-of-ana']);
    });

    it('restore needs to know storage.url', async () => {
      for (const [url, why] of [
        ['sqlite:${WHERE}', 'WHERE is not set'],
        ['postgres://db', 'not sqlite: and a path'],
      ] as const) {
        const config = file('restored.yaml', `storage: { url: "${url}" }\n`);
        const { exitCode, stderr } = await hookbay(['restore', 'copy.db', '--config', config]);
        expect(stderr).toMatch(new RegExp(`\`storage\\.url\` in .*${why}`));
        expect(exitCode).toBe(2);
      }
    });

    it.each([['events'], ['healthcheck']])(
      '%s: an address that is not known, or a file that is no YAML, is exit 2',
      async (command) => {
        const unset = file('unset.yaml', 'listen: "${WHERE}"\nadmin: { listen: "${WHERE}" }\n');
        const broken = file('broken.yaml', 'listen: [\n');
        for (const [config, message] of [
          [unset, 'WHERE is not set'],
          [broken, 'cannot be read'],
          [join(folder, 'none.yaml'), 'cannot be read'],
        ] as const) {
          const { exitCode, stderr } = await hookbay([command, '--config', config]);
          expect(stderr).toContain(message);
          expect(exitCode).toBe(2);
        }
        expect(requests).toEqual([]);
      },
    );
  });

  it.each([
    ['events', '--route', 'ap'],
    ['deliveries', '--target', 'ap'],
    ['replay', '--target', 'ap'],
    ['export', '-o', 'new.ndjson', '--target', 'ap'],
    ['rejections', '--route', 'ap'],
  ])('%s %s with a name that there is not is an error, not an empty list', async (...argv) => {
    answerTo = (url) =>
      /^\/api\/v1\/(routes|targets)$/.test(url) ? '{"data":[{"name":"app"}]}' : '{"data":[],"nextCursor":null}';
    const { exitCode, stdout, stderr } = await hookbay([...argv, '--url', base]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/There is no (route|target) "ap"\.\nThere are: app\./);
    expect(requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('an export whose download lacks a line is an error, and leaves no file', async () => {
    const task = { id: 'task_1', kind: 'export', status: 'completed', matched: 3, done: 3, failed: 0, error: null };
    answerTo = (url) => (url.endsWith('/download') ? '{}\n{}\n' : JSON.stringify(task));
    const asked = await hookbay(['export', '--task', 'task_1', '-o', 'short.ndjson', '--json', '--url', base], { cwd: folder });
    expect(asked.exitCode).toBe(1);
    expect(JSON.parse(asked.stderr).error).toMatchObject({
      code: 'download_incomplete',
      message: expect.stringMatching(/^2 lines .* 3/),
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('short'))).toEqual([]);
  });

  it.each(['failed', 'cancelled'])('an export that has %s says why', async (status) => {
    const error = status === 'failed' ? { code: 'disk_low', message: 'no room' } : null;
    answerTo = () => JSON.stringify({ id: 'task_1', kind: 'export', status, matched: 3, done: 1, failed: 0, error });
    const asked = await hookbay(['export', '--task', 'task_1', '-o', 'short.ndjson', '--url', base], { cwd: folder });
    expect(asked.exitCode).toBe(1);
    expect(asked.stderr).toContain(
      status === 'failed' ? 'failed after 1 of 3 (disk_low: no room)' : 'was cancelled after 1 of 3',
    );
  });

  it('takes a name that the configuration no longer has while deliveries of it are stored', async () => {
    answerTo = (url) =>
      url.startsWith('/api/v1/deliveries?target=gone')
        ? '{"data":[{}]}'
        : '{"data":[],"nextCursor":null,"matched":1,"sample":[]}';
    expect(await hookbay(['replay', '--target', 'gone', '--dry-run', '--url', base])).toMatchObject({ exitCode: 0 });
  });

  it('lists refused requests with their reasons', async () => {
    const rejection = {
      route: 'app',
      at: '2026-03-20T14:30:00.000Z',
      reason: 'verification_failed',
      explanation: 'no token',
      peer: '::1',
      status: 401,
    };
    answer = { status: 200, body: JSON.stringify({ data: [rejection], nextCursor: 'next' }) };
    const { stdout, stderr } = await hookbay(['rejections', '--route', 'app', '-n', '3', '--url', base]);
    expect(stdout).toMatch(/ago +app +401 +::1 +verification_failed +no token\n$/);
    expect(stderr).toContain('--cursor next');
    expect(requests[0]?.url).toBe('/api/v1/rejections?route=app&limit=3');
  });

  it('wraps explanations on a terminal, so that none is cut', async () => {
    const explanation = `the x-signature header does not match the body under any configured secret\u001b[2J, ${'x'.repeat(70)}`;
    const rejection = {
      route: null,
      at: '2026-03-20T14:30:00.000Z',
      reason: 'verification_failed',
      explanation,
      peer: '::1',
      status: 401,
    };
    answer = { status: 200, body: JSON.stringify({ data: [rejection], nextCursor: null }) };
    const { stdout } = await hookbay(['rejections', '--url', base], { terminal: 60 });
    const [, row = '', ...lines] = stdout.trimEnd().split('\n');
    expect(row).toMatch(/ago +- +401 +::1 +verification_failed$/);
    expect(lines.slice(0, -1).every((line) => /^ {2}\S/.test(line) && line.length <= 60)).toBe(true);
    expect(lines.map((line) => line.trim()).join(' ')).toBe(explanation.replace('\u001b', '\ufffd'));
  });

  it('lists them by reason, and knows the reasons that there are', async () => {
    answer = { status: 200, body: '{"data":[],"nextCursor":null}' };
    const { stderr } = await hookbay(['rejections', '--reason', 'not_found', '--url', base]);
    expect(stderr).toBe('No refused requests match.\n');
    expect(requests[0]?.url).toBe('/api/v1/rejections?reason=not_found&limit=20');
    const mistyped = await hookbay(['rejections', '--reason', 'verification_faild', '--url', base]);
    expect(mistyped).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean verification_failed?') });
  });

  it('shows the faults that refuse a reload', async () => {
    answer = {
      status: 422,
      body: '{"detail":"The configuration has faults.","code":"configuration_faults","faults":["config.yaml:1:1: first","config.yaml:2:1: second"]}',
    };
    const { exitCode, stderr } = await hookbay(['reload', '--url', base]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/1:1: first[\s\S]*2:1: second[\s\S]*has faults/);
  });

  it('says that nothing has changed when a reload needs a restart', async () => {
    const hint = 'The former configuration stays in effect';
    answer = {
      status: 409,
      body: JSON.stringify({ detail: 'A restart is needed to change listen', code: 'restart_required', hint }),
    };
    const { exitCode, stderr } = await hookbay(['reload', '--url', base]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/to change listen\nThe former configuration stays in effect/);
  });

  it('tells after a reload whose deliveries are held, and is done even if it may not ask', async () => {
    const counts = { pending: 2, held: 1 };
    const stats = { targets: ['app', 'gone'].map((target) => ({ target, counts })) };
    answerTo = (url) =>
      url.endsWith('/stats') ? JSON.stringify(stats) : url.endsWith('/targets') ? '{"data":[{"name":"app"}]}' : '{}';
    const told = { exitCode: 0, stdout: 'The new configuration is in effect.\n' };
    const stderr = '3 deliveries are held: the target gone is not configured any more.\n';
    expect(await hookbay(['reload', '--url', base])).toEqual({ ...told, stderr });
    answer = { status: 401, body: '{}' };
    answerTo = (url) => (url.endsWith('/reload') ? '{}' : undefined);
    expect(await hookbay(['reload', '--url', base])).toEqual({ ...told, stderr: '' });
  });

  it('asks with the filter in words before it deletes', async () => {
    answerTo = (url) => (url.endsWith('/routes') ? '{"data":[{"name":"shop"}]}' : '{"matched":3,"sample":[]}');
    const argv = [
      'events',
      '--delete',
      '--route',
      'shop',
      '--from',
      '2026-03-01',
      '--to',
      '2026-03-20T14:30+02:00',
      '--url',
      base,
    ];
    const { exitCode, stderr } = await hookbay(argv, { terminal: 80, stdin: 'no\n' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      'Delete 3 events (route shop, received since 2026-03-01T00:00:00.000Z, received before 2026-03-20T12:30:00.000Z) for good?',
    );
    expect(requests.filter(({ method }) => method !== 'GET').map(({ body }) => JSON.parse(body).dryRun)).toEqual([true]);
  });

  it('tells the destinations of a test alert apart', async () => {
    const to = 'http://127.0.0.1:4003/[hidden]';
    const sent = [
      { to, format: 'json', outcome: 'delivered', code: null },
      { to, format: 'slack', outcome: 'failed', code: 'timeout' },
    ];
    answer = { status: 200, body: JSON.stringify({ data: sent }) };
    const { exitCode, stdout } = await hookbay(['alert', '--test', '--url', base]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/\n +1 .*\[hidden\] +json +delivered\n +2 .*\[hidden\] +slack +failed \(timeout\)\n$/);
  });

  it('lists what waits for its target, and what is only due', async () => {
    const at = '2026-03-20T14:30:00.000Z';
    const delivery = { id: 'dlv_1', status: 'pending', attempts: 1, maxAttempts: 5, nextAttemptAt: at, createdAt: at };
    const names = ['paused', 'busy'];
    const listed = names.map((target) => ({
      ...delivery,
      target,
      lastAttempt: null,
      reason: null,
      eventId: 'evt_1',
      route: 'a',
    }));
    const targets = names.map((name) => ({ name, state: name === 'paused' ? 'paused' : 'retrying', reason: null }));
    answerTo = (url) => JSON.stringify({ data: url.endsWith('/targets') ? targets : listed, nextCursor: null });
    const { stdout } = await hookbay(['deliveries', '--url', base]);
    expect(stdout).toMatch(/\ndlv_1 .* paused +pending .* waits +-\ndlv_1 .* busy +pending .* due +-\n$/);
  });

  it('send --to signs a fresh test event', async () => {
    answer = { status: 200, body: 'thanks' };
    const argv = ['send', '--to', `${base}/hook`, '--secret', 'the-token', '--event', 'PAGE_SCRAPED', '--payload', '-'];
    expect(await hookbay(argv, { stdin: '{"url":"https://a.example"}' })).toMatchObject({ exitCode: 0, stdout: '200 thanks\n' });
    await hookbay(argv, { stdin: '{}' });
    const [first, second] = requests;
    expect(first?.headers['x-knowledgesdk-webhook-token']).toBe('the-token');
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      event: 'PAGE_SCRAPED',
      payload: { url: 'https://a.example' },
      version: 1,
    });
    const keys = [first, second].map((request) => request?.headers['x-knowledgesdk-dedup-key']);
    expect(new Set(keys).size).toBe(2);
  });

  it('send --to sends a given body byte for byte, and a refusal exits 1', async () => {
    answer = { status: 401, body: 'no\u001b[2J\n' };
    const body = file('body.json', '{ "a" :1}\n');
    const { exitCode, stdout, stderr } = await hookbay(['send', '--to', base, '--data', body]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('401 no\ufffd[2J\n');
    expect(stderr).toContain('Give the credential that it expects with --secret');
    expect(requests[0]?.body).toBe('{ "a" :1}\n');
    const wrong = await hookbay(['send', '--to', base, '--secret', 'wrong-one']);
    expect(wrong.stderr).toContain('It refused the credential of --secret');
    expect(wrong.stderr).not.toMatch(/Give the credential|wrong-one/);
  });

  it('sends the token of the environment, and says what to do when it is refused', async () => {
    answer = { status: 401, body: '{"title":"Unauthorized","code":"unauthorized"}' };
    const { exitCode, stderr } = await hookbay(['targets'], {
      env: { HOOKBAY_ADMIN_URL: `${base}/`, HOOKBAY_ADMIN_TOKEN: 'secret-token' },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('HOOKBAY_ADMIN_TOKEN');
    expect(stderr).not.toContain('secret-token');
    expect(requests[0]).toMatchObject({ url: '/api/v1/targets', headers: { authorization: 'Bearer secret-token' } });
  });

  it("never sends a configuration file's token to another address", async () => {
    answer = { status: 200, body: '{"data":[],"nextCursor":null}' };
    const text =
      'admin: { token: the-token-of-the-file }\nroutes: { a: { path: /a, verify: none, deliver: "http://127.0.0.1:9/" } }\n';
    const argv = ['events', '--url', base, '--config', file('token.yaml', text)];
    expect((await hookbay(argv)).exitCode).toBe(0);
    expect(requests[0]?.headers.authorization).toBeUndefined();
  });

  it('asks for what the options choose, and nothing more', async () => {
    answerTo = (url) => (url.endsWith('/targets') ? '{"data":[{"name":"app"}]}' : '{"data":[],"nextCursor":"next"}');
    const argv = [
      'deliveries',
      '--url',
      base,
      '--status',
      'dead',
      '--target',
      'app',
      '--from',
      '2026-03-20T14:30:00Z',
      '--limit',
      '5',
    ];
    const { stderr } = await hookbay(argv);
    const { pathname, searchParams } = new URL(requests[0]?.url ?? '', base);
    expect(pathname).toBe('/api/v1/deliveries');
    expect(Object.fromEntries(searchParams)).toEqual({
      status: 'dead',
      target: 'app',
      from: '2026-03-20T14:30:00.000Z',
      limit: '5',
    });
    expect(stderr).toContain('--cursor next');
  });

  it('shows the problem that the relay tells', async () => {
    answer = {
      status: 409,
      body: '{"title":"Conflict","detail":"An attempt is running.","code":"attempt_running","hint":"Wait."}',
    };
    const { exitCode, stderr } = await hookbay(['deliveries', 'dlv_1', '--retry', '--url', base, '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'attempt_running', message: 'An attempt is running.', hint: 'Wait.' } });
  });

  it('knows what is not a relay', async () => {
    answer = { status: 200, body: '<html>' };
    expect((await hookbay(['targets', '--url', base])).stderr).toContain("is not a relay's admin API");
  });

  it('says that nothing answers', async () => {
    const { exitCode, stderr } = await hookbay(['events', '--url', 'http://127.0.0.1:1']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('hookbay serve');
  });
});
