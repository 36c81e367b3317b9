import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { effectiveConfig } from '../../src/config/effective.ts';
import { type LoadResult, loadConfig, loadConfigFile } from '../../src/config/load.ts';
import { PLAIN_OUTGOING } from '../../src/config/outgoing.ts';
import type { Config } from '../../src/config/types.ts';
import { DEFAULT_BREAKER } from '../../src/domain/breaker.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry-policy.ts';
import { senderOf } from '../../src/providers/sender.ts';

const FILES: Readonly<Record<string, string>> = {
  '/run/secrets/token': 'from-a-file\n',
  '/etc/hookbay/near': 'near-the-file\r\n\n',
};
const ENV = { TOKEN: 'token-from-env', EMPTY: '', PORT: '9090', ATTEMPTS: '7' };

function load(text: string, env: Record<string, string | undefined> = ENV): LoadResult {
  const readFile = (path: string): string => {
    const found = FILES[path];
    if (found === undefined) throw new Error(`no ${path}`);
    return found;
  };
  return loadConfig(text, { file: '/etc/hookbay/config.yaml', env, readFile });
}

function loaded(text: string, env?: Record<string, string | undefined>): Config {
  const result = load(text, env);
  if (!result.ok) throw new Error(JSON.stringify(result.faults, null, 2));
  return result.config;
}

const withVerify = (verify: string) => `routes: { hook: { path: /hook, verify: ${verify}, deliver: "http://app/" } }`;

function knowledgesdk(settings: string) {
  const verify = loaded(withVerify(`{ provider: knowledgesdk, ${settings} }`)).routes.get('hook')?.verify;
  if (verify?.provider !== 'knowledgesdk') throw new Error('not a knowledgesdk route');
  return verify;
}

describe('tokens of the admin API', () => {
  const tokens = (list: string) =>
    load(`admin: { tokens: ${list} }\nroutes: { hook: { path: /h, verify: none, deliver: "http://app/" } }`);

  test('each named one has its role', () => {
    const ana = '{ name: ana, role: operator, token: a-long-token-of-ana }';
    const result = tokens(`[${ana}, { name: wall, token: [a-long-token-of-wall, the-next-token-of-wall] }]`);
    expect(result.ok && result.config.admin.tokens).toEqual([
      { name: 'ana', role: 'operator', token: 'a-long-token-of-ana' },
      { name: 'wall', role: 'viewer', token: 'a-long-token-of-wall' },
      { name: 'wall', role: 'viewer', token: 'the-next-token-of-wall' },
    ]);
  });

  test.each(['admin', 'ana'])('each has a name of its own, which %s is not', (name) => {
    const result = tokens(`[{ name: ana, token: a-long-token-of-ana }, { name: ${name}, token: another-long-token }]`);
    expect(!result.ok && result.faults.map(({ code, line }) => ({ code, line }))).toEqual([{ code: 'repeated', line: 1 }]);
  });
});

describe('defaults', () => {
  const config = loaded('routes: { hook: { path: /hook, verify: none, deliver: "http://user:pass@app:3000/hooks?key=v" } }');

  test('of the listeners, storage and limits', () => {
    expect(config).toMatchObject({
      file: '/etc/hookbay/config.yaml',
      listen: { host: '0.0.0.0', port: 8080 },
      publicUrl: null,
      trustedProxies: [],
      admin: { listen: { host: '127.0.0.1', port: 8081 }, tokens: [] },
      storage: { file: '/etc/hookbay/data/hookbay.db', minFree: 256 * 1024 ** 2, encryption: [] },
      limits: { body: 10 * 1024 ** 2, headers: 16 * 1024, inFlight: 256 * 1024 ** 2 },
      alerts: [],
      redact: { headers: [], body: [] },
    });
    expect(config.storage.retention).toEqual({
      deliveredMs: 14 * 86_400_000,
      deadMs: 90 * 86_400_000,
      filteredMs: 14 * 86_400_000,
      cancelledMs: 14 * 86_400_000,
      bodiesMs: null,
      rejectionsMs: 3 * 86_400_000,
      maxSize: null,
    });
  });

  test('of a target that a URL makes, named after its route', () => {
    expect(config.targets.get('hook')).toEqual({
      name: 'hook',
      ordering: null,
      url: 'http://user:pass@app:3000/hooks?key=v',
      shownUrl: 'http://[hidden]@app:3000/hooks?key=[hidden]',
      timeoutMs: 30_000,
      concurrency: 16,
      retry: DEFAULT_RETRY,
      limits: { rate: null, inFlightBytes: null, breaker: DEFAULT_BREAKER },
      signingSecrets: [],
      outgoing: PLAIN_OUTGOING,
    });
  });

  test('of a route', () => {
    expect(config.routes.get('hook')).toEqual({
      name: 'hook',
      path: '/hook',
      keepMs: null,
      handshake: { verifyToken: [], topic: [] },
      methods: ['POST'],
      verify: { provider: 'none' },
      dedup: { kind: 'none' },
      deliver: [{ target: 'hook', events: null }],
      proxy: null,
      admission: { sources: null, requireHttps: false, rateLimit: null, backlog: 1_000_000 },
      schema: null,
      respond: null,
      redact: { headers: [], body: [] },
    });
  });

  test('of a KnowledgeSDK verification', () => {
    expect(knowledgesdk('token: some-token')).toEqual(senderOf('knowledgesdk', { token: 'some-token' }));
  });
});

describe('placeholders', () => {
  test.each([
    ['"${TOKEN}"', ['token-from-env']],
    ['"a-${TOKEN}-b"', ['a-token-from-env-b']],
    ['"${UNSET:-the-default}"', ['the-default']],
    ['"${EMPTY:-the-default}"', ['the-default']],
    ['"${file:/run/secrets/token}"', ['from-a-file']],
    ['"${file:near}"', ['near-the-file']],
    ['"$${TOKEN}-plain"', ['${TOKEN}-plain']],
    ['["${TOKEN}", "${EMPTY}", "second-token"]', ['token-from-env', 'second-token']],
  ])('%s', (written, tokens) => {
    expect(knowledgesdk(`token: ${written}`).credentials[0]?.secrets).toEqual(tokens);
  });

  test('what is filled in is not filled again', () => {
    const config = loaded(withVerify('{ provider: knowledgesdk, token: "${OUTER}" }'), { OUTER: '${TOKEN}-${', TOKEN: 'x' });
    expect(config.routes.get('hook')?.verify).toMatchObject({ credentials: [{ secrets: ['${TOKEN}-${'] }, {}] });
  });

  test('a block value needs no quotes, and numbers can be filled in', () => {
    const config = loaded(
      'listen: 127.0.0.1:${PORT}\ntargets:\n  app:\n    url: http://app/\n    retry:\n      attempts: ${ATTEMPTS}\nroutes: { hook: { path: /hook, verify: none, deliver: app } }',
    );
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 9090 });
    expect(config.targets.get('app')?.retry.attempts).toBe(7);
  });
});

describe('dedup', () => {
  const week = 7 * 86_400_000;
  const token = '{ provider: knowledgesdk, token: some-token }';
  test.each([
    [token, '', { kind: 'preset', windowMs: week }],
    [token, 'dedup: { window: 2d }', { kind: 'preset', windowMs: 2 * 86_400_000 }],
    [token, 'dedup: none', { kind: 'none' }],
    ['none', 'dedup: body', { kind: 'body', windowMs: week }],
    ['none', 'dedup: { key: body, window: 1h }', { kind: 'body', windowMs: 3_600_000 }],
    ['none', 'dedup: { key: "header:X-Id" }', { kind: 'header', name: 'x-id', windowMs: week }],
    ['none', 'dedup: { key: "body:data.0.id" }', { kind: 'body-path', path: 'data.0.id', windowMs: week }],
  ])('verify: %s, %s', (verify, dedup, expected) => {
    const config = loaded(`routes:\n  hook:\n    path: /hook\n    verify: ${verify}\n    deliver: http://app/\n    ${dedup}\n`);
    expect(config.routes.get('hook')?.dedup).toEqual(expected);
  });
});

test('a retry policy can be changed in part', () => {
  const config = loaded(
    'targets: { app: { url: "http://app/", retry: { attempts: 3 } } }\nroutes: { hook: { path: /h, verify: none, deliver: app } }',
  );
  expect(config.targets.get('app')?.retry).toEqual({ ...DEFAULT_RETRY, attempts: 3 });
});

test.each([
  ['backoff: linear, initial: 30s, max: 1h', { schedule: { kind: 'linear', initialMs: 30_000, maxMs: 3_600_000 } }],
  ['delays: [5s, 1m, 30d]', { schedule: { kind: 'list', delaysMs: [5_000, 60_000, 30 * 86_400_000] }, attempts: 4 }],
  ['delays: [5s], attempts: 9', { schedule: { kind: 'list', delaysMs: [5_000] }, attempts: 9 }],
  ['delays: [5s], duration: 1m', { schedule: { kind: 'list', delaysMs: [5_000] }, attempts: null, durationMs: 60_000 }],
  ['duration: 3d', { attempts: null, durationMs: 3 * 86_400_000 }],
  ['duration: 3d, attempts: 5', { attempts: 5, durationMs: 3 * 86_400_000 }],
  ['retryAfterMax: 0s', { retryAfterMaxMs: 0 }],
  [
    'retryOn: [5xx, 408, "!501"], deadOn: [400-404], pauseOn: [410]',
    {
      statuses: {
        retryOn: [
          { from: 500, to: 599, not: false },
          { from: 408, to: 408, not: false },
          { from: 501, to: 501, not: true },
        ],
        deadOn: [{ from: 400, to: 404, not: false }],
        pauseOn: [{ from: 410, to: 410, not: false }],
      },
    },
  ],
])('retry: { %s }', (retry, changes) => {
  const text = `targets: { app: { url: "http://app/", retry: { ${retry} } } }\nroutes: { hook: { path: /h, verify: none, deliver: app } }`;
  const { targets } = loaded(text);
  expect(targets.get('app')?.retry).toEqual({ ...DEFAULT_RETRY, ...changes });
});

test('several targets, with and without a choice of events, and a URL in an edge', () => {
  const config = loaded(
    'targets: { app: { url: "http://app/" } }\nroutes: { hook: { path: /h, verify: { provider: knowledgesdk, token: some-token }, deliver: [app, { target: "http://b/", events: [A, B] }] } }',
  );
  expect(config.routes.get('hook')?.deliver).toEqual([
    { target: 'app', events: null },
    { target: 'hook', events: ['A', 'B'] },
  ]);
  expect([...config.targets.keys()]).toEqual(['app', 'hook']);
});

test.each([
  ['sqlite:./data/x.db', '/etc/hookbay/data/x.db'],
  ['sqlite:x.db', '/etc/hookbay/x.db'],
  ['sqlite:/var/lib/x.db', '/var/lib/x.db'],
  ['sqlite:///var/lib/x.db', '/var/lib/x.db'],
])('the database of %s is %s', (url, file) => {
  expect(loaded(`storage: { url: "${url}" }\n${withVerify('none')}`).storage.file).toBe(file);
});

test('without a file, relative paths start at the given folder', () => {
  const result = loadConfig(withVerify('none'), { file: null, cwd: '/srv', env: {} });
  expect(result.ok && result.config.storage.file).toBe('/srv/data/hookbay.db');
});

test('a key without a value is no key, and aliases work', () => {
  const config = loaded(`admin:\nalert:\ntargets:\n  a: &t { url: "http://a/", timeout: 1s }\n  b: *t\n${withVerify('none')}`);
  expect(config.alerts).toEqual([]);
  expect(config.targets.get('b')).toMatchObject({ name: 'b', timeoutMs: 1000 });
});

test('names that objects have of their own are ordinary names', () => {
  const config = loaded('routes: { constructor: { path: /h, verify: none, deliver: "http://a/" } }');
  expect(config.routes.get('constructor')?.deliver).toEqual([{ target: 'constructor', events: null }]);
});

describe('config.example.yaml', () => {
  const file = join(import.meta.dirname, '../../config.example.yaml');
  const env = {
    HOOKBAY_ADMIN_TOKEN: 'a-token-for-the-admin',
    KNOWLEDGESDK_WEBHOOK_TOKEN: 'a-token-of-a-webhook',
    HOOKBAY_SIGNING_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  };

  test('loads', () => {
    const result = loadConfigFile(file, env);
    expect(result).toMatchObject({ ok: true });
  });

  test('shows defaults where it does not say otherwise', () => {
    const result = loadConfigFile(file, env);
    const bare = loadConfig(withVerify('{ provider: knowledgesdk, token: a-token-of-a-webhook }'), { file, env });
    if (!result.ok || !bare.ok) throw new Error('did not load');
    const { listen, admin, storage, limits } = bare.config;
    expect(result.config).toMatchObject({ listen, admin: { listen: admin.listen }, storage, limits });
    const { publicUrl } = result.config;
    expect(result.config.routes.get('knowledgesdk')?.verify).toEqual({ ...bare.config.routes.get('hook')?.verify, publicUrl });
    const { timeoutMs, concurrency, retry } = bare.config.targets.get('hook') ?? {};
    expect(result.config.targets.get('app')).toMatchObject({ timeoutMs, concurrency, retry });
  });

  test('is one document without warnings', () => {
    const document = parseDocument(readFileSync(file, 'utf8'));
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });
});

describe('loadConfigFile', () => {
  test('a named file that is missing is a fault', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hookbay-')), 'nope.yaml');
    const result = loadConfigFile(file, {});
    expect(result).toMatchObject({ ok: false, faults: [{ code: 'file_missing', file, line: 0 }] });
  });

  test('a file that is no text is a fault', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hookbay-')), 'config.yaml');
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
    expect(loadConfigFile(file, {})).toMatchObject({ ok: false, faults: [{ code: 'file_unreadable' }] });
  });

  test('secrets come from files beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hookbay-'));
    writeFileSync(join(folder, 'token'), 'kept-in-a-file\n');
    writeFileSync(join(folder, 'config.yaml'), withVerify('{ provider: knowledgesdk, token: "${file:token}" }'));
    const result = loadConfigFile(join(folder, 'config.yaml'), {});
    expect(result.ok && result.config.routes.get('hook')?.verify).toMatchObject({
      credentials: [{ secrets: ['kept-in-a-file'] }, {}],
    });
  });
});

describe('no text makes the loader throw', () => {
  const example = readFileSync(join(import.meta.dirname, '../../config.example.yaml'), 'utf8').replace(/^ *#.*\n/gm, '');

  test('a file with anything anywhere', () => {
    const junk = fc.oneof(
      fc.string(),
      fc.constantFrom(...['{', '[', '"', '${', '*a', '&a ', '<<: ', '- ', ': ', '\n', '\t', '? ', '!!set ', '...\n']),
    );
    fc.assert(
      fc.property(fc.nat({ max: example.length }), fc.nat({ max: 30 }), junk, (at, cut, inserted) => {
        const result = load(example.slice(0, at) + inserted + example.slice(at + cut));
        expect(result.ok || result.faults.length > 0).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ['lists in lists', '['.repeat(10_000)],
    ['maps in maps', 'a: {'.repeat(10_000)],
    ['a key that is a map', `? {a: b}\n: c\n${withVerify('none')}`],
    ['a merge key', `x: &x { a: 1 }\n<<: *x\n${withVerify('none')}`],
    ['values that are no JSON', 'routes: { a: { path: .inf, verify: .nan, deliver: 0x10 } }'],
    ['a null byte', `listen: "\u0000"\n${withVerify('none')}`],
  ])('%s', (_name, text) => {
    expect(load(text).ok).toBe(false);
  });
});

describe('proxy mode', () => {
  const proxyOf = (...lines: string[]) => {
    const file = `targets: { app: { url: "http://app/" }, audit: { url: "http://audit/" } }
routes: { hook: { path: /hook, verify: none, mode: proxy, ${lines.join(', ')} } }`;
    const result = loadConfig(file, { file: null, env: { YES: 'true' } });
    return result.ok ? result.config.routes.get('hook')?.proxy : result.faults;
  };

  test.each([
    ['the only target answers', ['deliver: app'], { target: 'app', deadlineMs: 5_000 }],
    ['a URL answers', ['deliver: "http://a/"', 'deadline: 300ms'], { target: 'hook', deadlineMs: 300 }],
    [
      'of several the one that is named',
      ['deliver: [audit, { target: app, answers: true }]'],
      { target: 'app', deadlineMs: 5_000 },
    ],
    [
      'it may be named by a variable',
      ['deliver: [audit, { target: app, answers: "${YES}" }]'],
      { target: 'app', deadlineMs: 5_000 },
    ],
  ])('%s', (_name, lines, expected) => {
    expect(proxyOf(...lines)).toEqual(expected);
  });

  test('the effective configuration says who answers', () => {
    const text = 'routes: { hook: { path: /hook, verify: none, mode: proxy, deliver: [a, { target: b, answers: true }] } }';
    const targets = 'targets: { a: { url: "http://a/" }, b: { url: "http://b/" } }';
    const loaded = loadConfig(`${targets}\n${text}`, { file: null, env: {} });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
    const shown = effectiveConfig(loaded.config);
    expect(shown).toMatchObject({
      routes: { hook: { mode: 'proxy', deadline: '5s', deliver: ['a', { target: 'b', answers: true }] } },
    });
  });
});
