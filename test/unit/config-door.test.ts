import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../src/config/effective.ts';
import { loadConfig } from '../../src/config/load.ts';
import { needRestart } from '../../src/config/reload.ts';
import type { Config } from '../../src/config/types.ts';

const pem = (name: string): string => readFileSync(new URL(`../support/tls/${name}.pem`, import.meta.url), 'utf8');

const FILES: Record<string, string> = {
  '/etc/hookbay/first.pem': pem('first'),
  '/etc/hookbay/first-key.pem': pem('first-key'),
  '/etc/hookbay/second-key.pem': pem('second-key'),
  '/etc/hookbay/chain.pem': pem('chain'),
  '/etc/hookbay/chain-key.pem': pem('chain-key'),
  '/etc/hookbay/cut-chain.pem': `${pem('chain').slice(0, 900)}\n`,
  '/etc/hookbay/schema.json': '{"type":"object","required":["event"]}',
  '/etc/hookbay/elsewhere.json': '{"$ref":"https://example.com/other.json"}',
  '/etc/hookbay/typo.json': '{"requird":["event"]}',
  '/etc/hookbay/empty.json': '',
};

function load(text: string) {
  const readFile = (path: string): string => {
    const found = FILES[path];
    if (found === undefined) throw new Error(`no ${path}`);
    return found;
  };
  return loadConfig(text, { file: '/etc/hookbay/config.yaml', env: {}, readFile });
}

const routed = (keys: string): string =>
  `routes:\n  hook:\n    path: /hook\n    verify: none\n    deliver: http://app/\n    ${keys}\n`;

function loaded(text: string): Config {
  const result = load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.config;
}

describe('what a route asks for at the door', () => {
  const keys = [
    'sources: [203.0.113.0/24, "2001:db8::/32", 192.0.2.1]',
    'requireHttps: true',
    'rateLimit: 600/m',
    'backlog: 50',
    'schema: { file: schema.json, onInvalid: refuse }',
    'respond: { status: 202, headers: { x-a: b, X-Number: 7 }, body: "" }',
  ];
  const config = loaded(`trustedProxies: [10.0.0.0/8]\n${routed(keys.join('\n    '))}`);
  const route = config.routes.get('hook');

  test('is resolved', () => {
    expect(route?.admission).toEqual({
      sources: ['203.0.113.0/24', '2001:db8::/32', '192.0.2.1'],
      requireHttps: true,
      rateLimit: { amount: 600, perMs: 60_000 },
      backlog: 50,
    });
    expect(route?.schema).toMatchObject({ file: '/etc/hookbay/schema.json', onInvalid: 'refuse' });
    expect(route?.schema?.check({})).toBe("the body must have required property 'event'");
    const headers = [['x-a', 'b'] as const, ['X-Number', '7'] as const];
    expect(route?.respond).toEqual({ status: 202, headers, body: '' });
  });

  test('is shown as it is written', () => {
    expect(effectiveConfig(config)).toMatchObject({
      tls: null,
      limits: { backlog: 1_000_000 },
      routes: {
        hook: {
          sources: ['203.0.113.0/24', '2001:db8::/32', '192.0.2.1'],
          rateLimit: '600/m',
          backlog: 50,
          schema: { file: '/etc/hookbay/schema.json', onInvalid: 'refuse' },
          respond: { status: 202, headers: { 'x-a': 'b', 'X-Number': '7' }, body: '' },
        },
      },
    });
  });

  test('has the backlog of all routes where it names none', () => {
    const { routes } = loaded(`limits: { backlog: 7 }\n${routed('schema: { file: schema.json }')}`);
    expect(routes.get('hook')).toMatchObject({ admission: { backlog: 7 }, schema: { onInvalid: 'hold' } });
  });
});

describe('tls', () => {
  test.each(['first', 'chain'])('takes %s', (name) => {
    const config = loaded(`tls: { cert: ${name}.pem, key: ${name}-key.pem }\n${routed('requireHttps: true')}`);
    expect(config.tls).toEqual({ certFile: `/etc/hookbay/${name}.pem`, keyFile: `/etc/hookbay/${name}-key.pem` });
    expect(needRestart(config, { ...config, tls: { certFile: '/a', keyFile: '/b' } })).toEqual([]);
    expect(needRestart(config, { ...config, tls: null })).toEqual(['tls']);
  });
});

// biome-ignore format: a table reads by row
test.each([
  ['a missing certificate', 'tls: { cert: none.pem, key: first-key.pem }', 'file_unreadable', 'tls.cert'],
  ['a missing key', 'tls: { cert: first.pem, key: none.pem }', 'file_unreadable', 'tls.key'],
  ['the key of another certificate', 'tls: { cert: first.pem, key: second-key.pem }', 'bad_certificate', 'tls.key'],
  ['a key that is none', 'tls: { cert: first.pem, key: first.pem }', 'bad_certificate', 'tls.key'],
  ['a certificate that is none', 'tls: { cert: first-key.pem, key: first-key.pem }', 'bad_certificate', 'tls.cert'],
  ['a chain that is cut', 'tls: { cert: cut-chain.pem, key: chain-key.pem }', 'bad_certificate', 'tls.cert'],
  ['tls without a key', 'tls: { cert: first.pem }', 'missing_key', 'tls.key'],
  ['a backlog of nothing', 'limits: { backlog: 0 }', 'out_of_range', 'limits.backlog'],
])('%s is a fault', (_name, keys, code, path) => {
  const result = load(`${keys}\n${routed('methods: [POST]')}`);
  expect(result.ok ? [] : result.faults).toMatchObject([{ code, path }]);
});

// biome-ignore format: a table reads by row
test.each([
  ['a source that is none', 'sources: [203.0.113.0/33]', 'bad_value', 'sources[0]'],
  ['no sources', 'sources: []', 'empty_list', 'sources'],
  ['one source outside a list', 'sources: 203.0.113.0/24', 'wrong_type', 'sources'],
  ['https that nobody could speak', 'requireHttps: true', 'contradiction', 'requireHttps'],
  ['https that is neither true nor false', 'requireHttps: often', 'bad_value', 'requireHttps'],
  ['a rate in words', 'rateLimit: 100 per second', 'bad_value', 'rateLimit'],
  ['a rate of nothing', 'rateLimit: 0/s', 'bad_value', 'rateLimit'],
  ['a missing schema', 'schema: { file: none.json }', 'file_unreadable', 'schema.file'],
  ['a schema that is no JSON', 'schema: { file: empty.json }', 'bad_schema', 'schema.file'],
  ['a schema that needs another', 'schema: { file: elsewhere.json }', 'bad_schema', 'schema.file'],
  ['a misspelt keyword in a schema', 'schema: { file: typo.json }', 'bad_schema', 'schema.file'],
  ['another choice for what does not match', 'schema: { file: schema.json, onInvalid: drop }', 'bad_value', 'schema.onInvalid'],
  ['an acknowledgement that is none', 'respond: { status: 302 }', 'out_of_range', 'respond.status'],
  ['a header of the connection', 'respond: { headers: { Connection: close } }', 'bad_header', 'respond.headers.Connection'],
  ['a length', 'respond: { headers: { content-length: 3 } }', 'bad_header', 'respond.headers.content-length'],
  ['a name that no header has', 'respond: { headers: { "a b": c } }', 'bad_header', 'respond.headers.a b'],
  ['a line break in a header', 'respond: { headers: { x-a: "b\\r\\nc: d" } }', 'bad_value', 'respond.headers.x-a'],
  ['a body that is a map', 'respond: { body: { ok: true } }', 'wrong_type', 'respond.body'],
  ['a body where none may be', 'respond: { status: 204, body: ok }', 'contradiction', 'respond.body'],
])('%s is a fault', (_name, keys, code, path) => {
  const result = load(routed(keys));
  expect(result.ok ? [] : result.faults).toMatchObject([{ code, path: `routes.hook.${path}` }]);
});

test('a rate in other words gets a suggestion', () => {
  const suggested = ['100 per second', '100', '600 / min', '5 / hours'].map((rate) => {
    const result = load(routed(`rateLimit: ${rate}`));
    return result.ok ? null : result.faults[0]?.suggestion;
  });
  expect(suggested).toEqual(['100/s', '100/s', '600/m', '5/h']);
});
