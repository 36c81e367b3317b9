import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../src/config/effective.ts';
import { renderFault } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load.ts';
import { needRestart } from '../../src/config/reload.ts';
import type { Config, TargetConfig } from '../../src/config/types.ts';

const pem = (name: string): string => readFileSync(new URL(`../support/tls/${name}.pem`, import.meta.url), 'utf8');

const FILES: Record<string, string> = {
  '/etc/hookbay/ca.pem': `# ours\n${pem('root')}${pem('first')}`,
  '/etc/hookbay/cert.pem': pem('first'),
  '/etc/hookbay/key.pem': pem('first-key'),
  '/etc/hookbay/other-key.pem': pem('second-key'),
  '/etc/hookbay/empty.pem': '',
  '/etc/hookbay/cut.pem': `${pem('first')}${pem('second').slice(0, 300)}`,
  '/etc/hookbay/damaged.pem': pem('first').replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
};

const ENV = { TOKEN: 'token-from-env', EMPTY: '', STAGE: 'production' };

function load(text: string) {
  const readFile = (path: string): string => {
    const found = FILES[path];
    if (found === undefined) throw new Error(`no ${path}`);
    return found;
  };
  return loadConfig(text, { file: '/etc/hookbay/config.yaml', env: ENV, readFile });
}

/** A file whose target has these keys, from line 4 and column 5 on. */
const file = (url: string, ...keys: string[]): string =>
  [
    'targets:',
    '  app:',
    `    url: ${url}`,
    ...keys.map((key) => `    ${key}`),
    'routes: { hook: { path: /hook, verify: none, deliver: app } }',
    '',
  ].join('\n');

function loaded(text: string): { config: Config; target: TargetConfig } {
  const result = load(text);
  if (!result.ok) throw new Error(result.faults.map(renderFault).join('\n'));
  const target = result.config.targets.get('app');
  if (target === undefined) throw new Error('no target');
  return { config: result.config, target };
}

const HTTPS = 'https://app.example.com/in';
const HTTP = 'http://app:3000/in';

describe('what is resolved', () => {
  test('everything', () => {
    const { target, config } = loaded(
      file(
        HTTPS,
        'auth: { username: me, password: "${TOKEN}" }',
        'headers: { add: { X-Stage: "${STAGE}", x-number: 7, X-Left-Out: "${EMPTY}" }, remove: [X-Gone, x-gone] }',
        'tls: { ca: ca.pem, cert: ./cert.pem, key: /etc/hookbay/key.pem, serverName: app.internal }',
        'proxy: "http://user:${TOKEN}@proxy:3128"',
        'http2: "true"',
      ),
    );
    expect(target.outgoing).toEqual({
      auth: { kind: 'basic', username: 'me', password: 'token-from-env' },
      headers: {
        add: [
          { name: 'X-Stage', value: 'production', isSecret: true },
          { name: 'x-number', value: '7', isSecret: false },
        ],
        remove: ['x-gone'],
      },
      tls: {
        caFile: '/etc/hookbay/ca.pem',
        client: { certFile: '/etc/hookbay/cert.pem', keyFile: '/etc/hookbay/key.pem' },
        serverName: 'app.internal',
      },
      proxy: 'http://user:token-from-env@proxy:3128/',
      http2: true,
    });
    expect(effectiveConfig(config)).toMatchObject({
      targets: {
        app: {
          auth: { username: '[hidden]', password: '[hidden]' },
          headers: { add: { 'X-Stage': '[hidden]', 'x-number': '7' }, remove: ['x-gone'] },
          tls: { ca: '/etc/hookbay/ca.pem', serverName: 'app.internal' },
          proxy: 'http://[hidden]@proxy:3128/',
          http2: true,
        },
      },
    });
    expect(needRestart(config, loaded(file(HTTPS)).config)).toEqual([]);
  });

  test.each([
    ['a bearer token', 'auth: { bearer: "${TOKEN}" }', { auth: { kind: 'bearer', token: 'token-from-env' } }],
    ['a bearer token that is empty', 'auth: { bearer: "${EMPTY}" }', { auth: null }],
    ['a key as the user name', 'auth: { username: "${TOKEN}", password: "" }', { auth: { kind: 'basic', password: '' } }],
    ['headers that are all empty', 'headers: { add: { x-a: "" } }', { headers: null }],
    ['an authority alone', 'tls: { ca: ca.pem }', { tls: { client: null, serverName: null } }],
  ])('%s', (_name, key, outgoing) => {
    expect(loaded(file(HTTPS, key)).target.outgoing).toMatchObject(outgoing);
  });
});

// biome-ignore format: a table reads by row
const ROWS: [name: string, url: string, key: string, code: string, place: string, path: string][] = [
  ['auth together with credentials in the URL', 'https://u:p@app/', 'auth: { bearer: t }', 'contradiction', '4:5', 'auth'],
  ['a token beside a user name', HTTPS, 'auth: { username: u, password: p, bearer: t }', 'contradiction', '4:39', 'auth.bearer'],
  ['a user name without a password', HTTPS, 'auth: { username: u }', 'missing_key', '4:5', 'auth.password'],
  ['no credentials in auth', HTTPS, 'auth: {}', 'missing_key', '4:5', 'auth.username'],
  ['auth as a text', HTTPS, 'auth: "${TOKEN}"', 'wrong_type', '4:11', 'auth'],
  ['a token with a space', HTTPS, 'auth: { bearer: "a b" }', 'bad_secret', '4:21', 'auth.bearer'],
  ['a user name with a colon', HTTPS, 'auth: { username: "a:b", password: p }', 'bad_secret', '4:23', 'auth.username'],
  ['a password with a line break', HTTPS, 'auth: { username: a, password: "p\\n" }', 'bad_secret', '4:36', 'auth.password'],
  ['a misspelt key of auth', HTTPS, 'auth: { bearer: t, tokn: t }', 'unknown_key', '4:24', 'auth.tokn'],
  ['authorization beside auth', HTTPS, 'headers: { add: { Authorization: x } }\n    auth: { bearer: t }', 'contradiction', '4:23', 'headers.add.Authorization'],
  ['authorization beside credentials in the URL', 'https://u:p@app/', 'headers: { add: { authorization: x } }', 'contradiction', '4:23', 'headers.add.authorization'],
  ['authorization taken away beside auth', HTTPS, 'headers: { remove: [Authorization] }\n    auth: { bearer: t }', 'contradiction', '4:25', 'headers.remove[0]'],
  ...['Host', 'Content-Length', 'connection', 'Transfer-Encoding', 'TE', 'upgrade', 'keep-alive', 'Proxy-Authorization', 'expect', 'via', 'Hookbay-Event-Id', 'hookbay-own'].map(
    (name): [string, string, string, string, string, string] => [`${name} is added`, HTTPS, `headers: { add: { ${name}: x } }`, 'bad_header', '4:23', `headers.add.${name}`]),
  ['webhook-id is added when signing', HTTPS, 'headers: { add: { Webhook-Id: x } }\n    sign: { secret: a-secret-of-24-characters }', 'bad_header', '4:23', 'headers.add.Webhook-Id'],
  ['a name with a space', HTTPS, 'headers: { add: { "x a": x } }', 'bad_header', '4:23', 'headers.add.x a'],
  ['a header twice', HTTPS, 'headers: { add: { x-a: x, X-A: y } }', 'repeated', '4:31', 'headers.add.X-A'],
  ['a value with a line break', HTTPS, 'headers: { add: { x-a: "a\\r\\nb: c" } }', 'bad_value', '4:28', 'headers.add.x-a'],
  ['a value with spaces around it', HTTPS, 'headers: { add: { x-a: " a" } }', 'bad_value', '4:28', 'headers.add.x-a'],
  ['a value that is none', HTTPS, 'headers: { add: { x-a: } }', 'missing_key', '4:23', 'headers.add.x-a'],
  ['added headers in a list', HTTPS, 'headers: { add: [x-a] }', 'wrong_type', '4:21', 'headers.add'],
  ['a removed name that is none', HTTPS, 'headers: { remove: ["x a"] }', 'bad_header', '4:25', 'headers.remove[0]'],
  ['one removed header outside a list', HTTPS, 'headers: { remove: x-a }', 'wrong_type', '4:24', 'headers.remove'],
  ['via is removed', HTTPS, 'headers: { remove: [x-a, Via] }', 'bad_header', '4:30', 'headers.remove[1]'],
  ['the length is removed', HTTPS, 'headers: { remove: [content-length] }', 'bad_header', '4:25', 'headers.remove[0]'],
  ['the signature is removed', HTTPS, 'headers: { remove: [webhook-signature] }\n    sign: { secret: a-secret-of-24-characters }', 'bad_header', '4:25', 'headers.remove[0]'],
  ['a key without a certificate', HTTPS, 'tls: { key: key.pem }', 'missing_key', '4:12', 'tls.key'],
  ['a certificate without a key', HTTPS, 'tls: { cert: cert.pem }', 'missing_key', '4:12', 'tls.cert'],
  ['the key of another certificate', HTTPS, 'tls: { cert: cert.pem, key: other-key.pem }', 'bad_certificate', '4:33', 'tls.key'],
  ['a certificate that is none', HTTPS, 'tls: { cert: key.pem, key: key.pem }', 'bad_certificate', '4:18', 'tls.cert'],
  ['an authority that is a key', HTTPS, 'tls: { ca: key.pem }', 'bad_certificate', '4:16', 'tls.ca'],
  ['an authority that is empty', HTTPS, 'tls: { ca: empty.pem }', 'bad_certificate', '4:16', 'tls.ca'],
  ['an authority that is cut off', HTTPS, 'tls: { ca: cut.pem }', 'bad_certificate', '4:16', 'tls.ca'],
  ['an authority that is damaged', HTTPS, 'tls: { ca: damaged.pem }', 'bad_certificate', '4:16', 'tls.ca'],
  ['a missing authority', HTTPS, 'tls: { ca: none.pem }', 'file_unreadable', '4:16', 'tls.ca'],
  ['a server name that is an address', HTTPS, 'tls: { serverName: "a:b" }', 'bad_value', '4:24', 'tls.serverName'],
  ['tls beside a plain URL', HTTP, 'tls: { ca: ca.pem }', 'contradiction', '4:5', 'tls'],
  ['HTTP/2 beside a plain URL', HTTP, 'http2: true', 'contradiction', '4:5', 'http2'],
  ['HTTP/2 that is neither true nor false', HTTPS, 'http2: maybe', 'bad_value', '4:12', 'http2'],
  ['a proxy without a scheme', HTTPS, 'proxy: proxy:3128', 'bad_url', '4:12', 'proxy'],
  ['a proxy with a path', HTTPS, 'proxy: http://proxy:3128/path', 'bad_url', '4:12', 'proxy'],
  ['a proxy of another kind', HTTPS, 'proxy: socks5://proxy:1080', 'bad_url', '4:12', 'proxy'],
];

test.each(ROWS)('%s is a fault', (_name, url, key, code, place, path) => {
  const result = load(file(url, key));
  const faults = result.ok ? [] : result.faults;
  expect(faults.map((fault) => ({ code: fault.code, place: `${fault.line}:${fault.column}`, path: fault.path }))).toEqual([
    { code, place, path: `targets.app.${path}` },
  ]);
  expect(faults[0]?.expected).not.toBe('');
});

test('without signing, webhook-id may be set', () => {
  expect(loaded(file(HTTPS, 'headers: { add: { webhook-id: x } }')).target.outgoing.headers?.add).toHaveLength(1);
});

test('what a placeholder fills in is never in a fault', () => {
  const result = load(
    file(HTTPS, 'headers: { add: { x-a: "${TOKEN} " } }', 'auth: { bearer: "${TOKEN} x" }', 'proxy: "${TOKEN}"'),
  );
  expect(result.ok ? [] : result.faults.map(({ code }) => code)).toEqual(['bad_value', 'bad_secret', 'bad_url']);
  expect(JSON.stringify(result)).not.toContain('token-from-env');
});
