import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { effectiveConfig, secretsOf } from '../../src/config/effective.ts';
import { renderFault } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';

const CANARY = 'CANARYcanaryCANARY';
const SIGNING = `whsec_${Buffer.from(CANARY.repeat(2)).toString('base64')}`;

const WHOLE = `
admin:
  token: ["\${ADMIN}", ${CANARY}-literal-admin]
  callbackSecret: ["\${SIGNING}", "${CANARY}-a-callback-signing-key"]
  callbackAllow: [10.0.0.0/8]
publicUrl: https://hooks.example.com/
trustedProxies: [10.0.0.0/8, "::1"]
alert: { url: "https://chat.example.com/services/${CANARY}-path?key=${CANARY}-query" }
targets:
  app:
    url: http://${CANARY}-user:${CANARY}%21pass@app:3000/hooks?tenant=${CANARY}-tenant&v=2
    retry: { attempts: 3, max: 1m, retryOn: [5xx, 408, '!501'], duration: 90m }
    sign: { secret: ["\${SIGNING}", "${CANARY}-a-plain-signing-key"] }
  audit:
    url: https://audit.example.com/
    auth: { bearer: "\${TOKEN}-bearer" }
    headers: { add: { x-api-key: ${CANARY}-literal-key, x-odd-token: "Token \${TOKEN}-odd", x-plain: shown }, remove: [X-Gone] }
    proxy: http://${CANARY}-name:${CANARY}%21proxy@proxy:3128
  basic:
    url: https://basic.example.com/
    auth:
      username: ${CANARY}-basic
      password: "\${file:secret}-basic"
routes:
  hook:
    path: /hook
    methods: [POST, PUT]
    verify:
      provider: knowledgesdk
      token: ["\${TOKEN}", "\${file:secret}"]
      hmac: ${CANARY}-hmac
      require: all
    dedup: { key: "body:data.id", window: 90s }
    deliver: [{ target: app, events: [A] }, "https://x:${CANARY}-inline@b.example.com/"]
  other: { path: /other, verify: none, dedup: body, deliver: app }
`;

const ALERT = {
  url: 'https://chat.example.com/[hidden]',
  format: 'json',
  backlogAge: '15m',
  refusals: '100/m',
  quiet: '1h',
};

const CONTEXT = {
  file: '/etc/hookbay/config.yaml',
  env: { ADMIN: `${CANARY}-admin-token`, TOKEN: `${CANARY}-token`, SIGNING },
  readFile: () => `${CANARY}-from-a-file\n`,
};

function loaded(text: string): Config {
  const result = loadConfig(text, CONTEXT);
  if (!result.ok) throw new Error(result.faults.map(renderFault).join('\n'));
  return result.config;
}

describe('the effective configuration', () => {
  const shown = effectiveConfig(loaded(WHOLE));

  test('holds no secret', () => {
    expect(JSON.stringify(shown)).not.toContain('CANARY');
    expect(JSON.stringify(shown)).not.toContain(SIGNING.slice(6, 20));
  });

  test('has the shape of the file, with marks and defaults', () => {
    expect(shown).toMatchObject({
      listen: '0.0.0.0:8080',
      publicUrl: 'https://hooks.example.com',
      admin: {
        ...{ listen: '127.0.0.1:8081', token: ['[hidden]', '[hidden]'] },
        ...{ callbackSecret: ['[hidden]', '[hidden]'], callbackAllow: ['10.0.0.0/8'] },
      },
      storage: { url: 'sqlite:/etc/hookbay/data/hookbay.db', minFree: '256MiB' },
      alert: ALERT,
      targets: {
        app: {
          url: 'http://[hidden]@app:3000/hooks?tenant=[hidden]&v=[hidden]',
          timeout: '30s',
          retry: {
            attempts: 3,
            backoff: 'exponential',
            initial: '5s',
            factor: 2,
            max: '1m',
            jitter: 0.2,
            duration: '90m',
            retryOn: ['5xx', '408', '!501'],
            deadOn: null,
          },
          sign: { secret: ['[hidden]', '[hidden]'] },
        },
        audit: {
          auth: { bearer: '[hidden]' },
          headers: { add: { 'x-api-key': '[hidden]', 'x-odd-token': '[hidden]', 'x-plain': 'shown' }, remove: ['x-gone'] },
          proxy: 'http://[hidden]@proxy:3128/',
        },
        basic: { auth: { username: '[hidden]', password: '[hidden]' }, headers: null, tls: null, proxy: null, http2: false },
        hook: { url: 'https://[hidden]@b.example.com/', sign: null },
      },
      routes: {
        hook: {
          methods: ['POST', 'PUT'],
          verify: {
            provider: 'knowledgesdk',
            token: ['[hidden]', '[hidden]'],
            hmac: '[hidden]',
            require: 'all',
            tolerance: '5m',
          },
          dedup: { key: 'body:data.id', window: '90s' },
          deliver: [{ target: 'app', events: ['A'] }, 'hook'],
        },
        other: { verify: 'none', dedup: { key: 'body', window: '7d' }, deliver: ['app'] },
      },
    });
  });

  test('loads again, with secrets in the place of the marks, and is then the same', () => {
    const text = stringify(shown).replaceAll('[hidden]', 'a-secret-of-24-characters');
    expect(effectiveConfig(loaded(text))).toEqual({ ...shown, alert: ALERT });
  });
});

test('secretsOf names every secret, those in URLs too', () => {
  const secrets = secretsOf(loaded(WHOLE));
  expect(secrets).toEqual(
    expect.arrayContaining([
      `${CANARY}-admin-token`,
      `${CANARY}-literal-admin`,
      `${CANARY}-a-callback-signing-key`,
      `${CANARY}-token`,
      `${CANARY}-from-a-file`,
      `${CANARY}-hmac`,
      SIGNING,
      `${CANARY}-a-plain-signing-key`,
      `${CANARY}-user`,
      `${CANARY}%21pass`,
      `${CANARY}!pass`,
      `${CANARY}-tenant`,
      `${CANARY}-inline`,
      `/services/${CANARY}-path`,
      `${CANARY}-query`,
      `${CANARY}-token-bearer`,
      `${CANARY}-literal-key`,
      `Token ${CANARY}-token-odd`,
      `${CANARY}-token-odd`,
      `${CANARY}-name`,
      `${CANARY}%21proxy`,
      `${CANARY}!proxy`,
      `${CANARY}-basic`,
      `${CANARY}-from-a-file-basic`,
      Buffer.from(`${CANARY}-basic:${CANARY}-from-a-file-basic`).toString('base64'),
      Buffer.from(`${CANARY}-name:${CANARY}!proxy`).toString('base64'),
    ]),
  );
  expect(secrets).not.toContain('2');
  expect(secrets).not.toContain('');
  expect(secrets).not.toContain('shown');
  expect(new Set(secrets).size).toBe(secrets.length);
});

/** Breaks the file in one way after another, so that every secret in it is near a fault. */
describe('no fault holds a secret', () => {
  const lines = WHOLE.split('\n');
  const broken: [string, string][] = [
    ...lines.map((_, i): [string, string] => [`line ${i} gone`, lines.filter((_line, j) => j !== i).join('\n')]),
    ...lines.map((line, i): [string, string] => [`line ${i} indented`, lines.with(i, ` ${line}`).join('\n')]),
    ...lines.map((line, i): [string, string] => [`line ${i} cut`, lines.with(i, line.slice(0, line.length * 0.7)).join('\n')]),
    ...['"', '}', ']', ':', '{', ' '].map((mark): [string, string] => [`without ${mark}`, WHOLE.replaceAll(mark, '')]),
    ...[
      'token',
      'hmac',
      'secret',
      'url',
      'deliver',
      'verify',
      'sign',
      'admin',
      'path',
      'auth',
      'bearer',
      'headers',
      'add',
      'proxy',
    ].map((key): [string, string] => [`${key} misspelt`, WHOLE.replaceAll(`${key}:`, `${key}x:`)]),
    ['secrets where other things belong', WHOLE.replaceAll(/(listen|path|timeout|require|window|max): \S+/g, '$1: "${TOKEN}"')],
    ['URLs of another kind', WHOLE.replaceAll(/https?:/g, 'ftp:')],
    ['a database elsewhere', `storage: { url: "postgres://u:${CANARY}@h/db" }\n${WHOLE}`],
    ['spaces in secrets', WHOLE.replaceAll('CANARY-', 'CANARY ')],
    ['unquoted placeholders', WHOLE.replaceAll('"', '')],
  ];

  test.each(broken)('%s', (_name, text) => {
    const result = loadConfig(text, CONTEXT);
    if (result.ok) return;
    // A key is shown, and a secret that slid to the left of a colon has become one: only values are secret.
    const values = result.faults.filter(({ code }) => code !== 'unknown_key' && code !== 'bad_name');
    expect(
      values.map((fault) => JSON.stringify([fault, renderFault(fault)])).filter((shown) => shown.includes('CANARY')),
    ).toEqual([]);
  });

  test('most of these are faults', () => {
    const faulty = broken.filter(([, text]) => !loadConfig(text, CONTEXT).ok);
    expect(faulty.length).toBeGreaterThan(broken.length / 2);
  });
});
