import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../src/config/effective.ts';
import { loadConfig } from '../../src/config/load.ts';
import { redactedHeaders } from '../../src/config/redact-schema.ts';
import type { Config } from '../../src/config/types.ts';

const ROUTE = 'routes: { hook: { path: /hook, verify: none, deliver: "http://app/" } }';
const load = (text: string) => loadConfig(text, { file: '/etc/hookbay/config.yaml', env: {} });

function loaded(text: string): Config {
  const result = load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.faults, null, 2));
  return result.config;
}

function faults(text: string): string[] {
  const result = load(text);
  return result.ok ? [] : result.faults.map(({ code, path }) => `${code} ${path}`);
}

describe('alert', () => {
  test('one, with its defaults', () => {
    expect(loaded(`alert: { url: "https://a.example/x" }\n${ROUTE}`).alerts).toEqual([
      {
        url: 'https://a.example/x',
        shownUrl: 'https://a.example/[hidden]',
        format: 'json',
        backlogAgeMs: 900_000,
        refusals: { amount: 100, perMs: 60_000 },
        quietMs: 3_600_000,
      },
    ]);
  });

  test('a list, with parts switched off', () => {
    const config = loaded(`
alert:
  - { url: "https://a.example/x", format: slack, backlogAge: off, refusals: off, quiet: 10m }
  - { url: "https://b.example/y", format: discord, backlogAge: 2h, refusals: 5/s }
${ROUTE}`);
    expect(config.alerts).toMatchObject([
      { format: 'slack', backlogAgeMs: null, refusals: null, quietMs: 600_000 },
      { format: 'discord', backlogAgeMs: 7_200_000, refusals: { amount: 5, perMs: 1000 } },
    ]);
    expect(effectiveConfig(config)).toMatchObject({
      alert: [
        { url: 'https://a.example/[hidden]', format: 'slack', backlogAge: 'off', refusals: 'off', quiet: '10m' },
        { url: 'https://b.example/[hidden]', format: 'discord', backlogAge: '2h', refusals: '5/s', quiet: '1h' },
      ],
    });
  });

  test.each([
    ['{ url: "https://a/", format: teams }', ['bad_value alert.format']],
    ['{ url: "https://a/", backlogAge: 1s }', ['out_of_range alert.backlogAge']],
    ['{ url: "https://a/", refusals: 100 }', ['wrong_type alert.refusals']],
    ['[{ format: json }]', ['missing_key alert[0].url']],
    ['[{ url: "https://a/", quit: 1h }]', ['unknown_key alert[0].quit']],
  ])('%s is a fault', (written, expected) => {
    expect(faults(`alert: ${written}\n${ROUTE}`)).toEqual(expected);
  });
});

describe('redact', () => {
  const TEXT = `
redact: { headers: [Authorization], body: [payload.user.email] }
routes:
  a: { path: /a, verify: none, deliver: "http://app/", redact: { headers: [X-Card, authorization], body: ["items[*].card"] } }
  b: { path: /b, verify: none, deliver: "http://app/" }
`;

  test('that of a route comes on top of that of the file', () => {
    const { routes, redact } = loaded(TEXT);
    expect(redact).toEqual({ headers: ['authorization'], body: ['payload.user.email'] });
    expect(routes.get('a')?.redact).toEqual({
      headers: ['authorization', 'x-card'],
      body: ['payload.user.email', 'items[*].card'],
    });
    expect(routes.get('b')?.redact).toEqual(redact);
  });

  test('names every masked header for the log', () => {
    expect(redactedHeaders(loaded(TEXT))).toEqual(['authorization', 'x-card']);
  });

  test('is shown', () => {
    expect(effectiveConfig(loaded(TEXT))).toMatchObject({
      redact: { headers: ['authorization'], body: ['payload.user.email'] },
      routes: { b: { redact: { body: ['payload.user.email'] } } },
    });
  });

  test.each([
    ['{ body: ["a..b"] }', ['bad_value redact.body[0]']],
    ['{ body: ["a[x]"] }', ['bad_value redact.body[0]']],
    ['{ body: [""] }', ['bad_value redact.body[0]']],
    ['{ headers: ["not a name"] }', ['bad_value redact.headers[0]']],
    ['{ header: [a] }', ['unknown_key redact.header']],
  ])('%s is a fault', (written, expected) => {
    expect(faults(`redact: ${written}\n${ROUTE}`)).toEqual(expected);
  });
});
