import { describe, expect, test } from 'vitest';
import { effectiveConfig, secretsOf } from '../../src/config/effective.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { EdgeConfig } from '../../src/config/types.ts';

const fileOf = (edge: string, keys = ''): string =>
  `targets: { app: { url: http://app:3000/ }, other: { url: http://other/ } }
routes:
  hook:
    path: /hook
    verify: { provider: knowledgesdk, token: knowledgesdk-token }
    ${keys}
    deliver:
${edge}
`;
const load = (edge: string, keys?: string, env: Record<string, string> = {}) =>
  loadConfig(fileOf(edge, keys), { file: null, env });

function edgesOf(edge: string): readonly EdgeConfig[] {
  const result = load(edge);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.config.routes.get('hook')?.deliver ?? [];
}

const faultsOf = (edge: string, keys?: string) => {
  const result = load(edge, keys);
  return result.ok ? [] : result.faults.map(({ code, path, line, column, message }) => ({ code, path, line, column, message }));
};

describe('rules that are right', () => {
  test('all of them', () => {
    const edge = `
      - target: app
        events: ['EXTRACTION_*']
        filter: 'payload.x > 10'
        transform: { body: '{ "a": payload.x }', headers: '{ "x-n": payload.n }' }
        headers: { add: { X-Tenant: acme, x-number: 7 }, remove: [X-Internal] }
        path: /a/b%20c
        delay: 30s`;
    expect(edgesOf(edge)).toEqual([
      {
        target: 'app',
        events: ['EXTRACTION_*'],
        delayMs: 30_000,
        rules: {
          filter: 'payload.x > 10',
          transform: { body: '{ "a": payload.x }', headers: '{ "x-n": payload.n }' },
          addHeaders: [
            ['X-Tenant', 'acme'],
            ['x-number', '7'],
          ],
          removeHeaders: ['x-internal'],
          path: '/a/b%20c',
        },
      },
    ]);
  });

  test('a transform in short', () => {
    expect(edgesOf(`      - { target: app, transform: 'payload.a' }`)[0]?.rules?.transform).toEqual({
      body: 'payload.a',
      headers: null,
    });
  });

  test('an edge without rules stays plain', () => {
    expect(edgesOf('      - { target: app, headers: {} }')).toEqual([{ target: 'app', events: null }]);
  });

  test('a placeholder that is escaped is a grouping of JSONata', () => {
    expect(edgesOf(`      - { target: app, filter: 'payload.a.$\${ "b": 1 }' }`)[0]?.rules?.filter).toBe('payload.a.${ "b": 1 }');
  });
});

describe('rules that are wrong', () => {
  test.each([
    ["filter: 'payload.x >'", 'bad_expression', 'filter', 'this is not JSONata: it ends too early, at character 11 (S0207)'],
    ["filter: 'payload..'", 'bad_expression', 'filter', undefined],
    ['filter: "\'open"', 'bad_expression', 'filter', 'this is not JSONata: a text has no closing quote, at character 5 (S0101)'],
    ["filter: ' '", 'bad_expression', 'filter', undefined],
    ['filter: true', 'wrong_type', 'filter', undefined],
    ["transform: '{'", 'bad_expression', 'transform', undefined],
    ["transform: { body: '(' }", 'bad_expression', 'transform.body', undefined],
    ["transform: { bodi: 'a' }", 'unknown_key', 'transform.bodi', undefined],
    ['transform: {}', 'missing_key', 'transform', undefined],
    ['headers: { add: { "x y": a } }', 'bad_header', 'headers.add.x y', 'this is no name of a header'],
    ['headers: { add: { Host: a } }', 'bad_header', 'headers.add.Host', undefined],
    ['headers: { add: { content-length: 3 } }', 'bad_header', 'headers.add.content-length', undefined],
    ['headers: { add: { hookbay-route: a } }', 'bad_header', 'headers.add.hookbay-route', undefined],
    ['headers: { add: { webhook-signature: a } }', 'bad_header', 'headers.add.webhook-signature', undefined],
    ['headers: { add: { Transfer-Encoding: a } }', 'bad_header', 'headers.add.Transfer-Encoding', undefined],
    ['headers: { add: { x-a: "b\\nc" } }', 'bad_value', 'headers.add.x-a', undefined],
    ['headers: { add: { x-a: 1, X-A: 2 } }', 'repeated', 'headers.add.X-A', undefined],
    ['headers: { remove: [connection] }', 'bad_header', 'headers.remove[0]', undefined],
    ['path: orders', 'bad_path', 'path', undefined],
    ['path: /a?b=c', 'bad_path', 'path', undefined],
    ['path: /a/../../b', 'bad_path', 'path', undefined],
    ['path: /a/%2e%2E/b', 'bad_path', 'path', undefined],
    ['path: "/a b"', 'bad_path', 'path', undefined],
    ['delay: 0s', 'out_of_range', 'delay', undefined],
    ['delay: soon', 'bad_value', 'delay', undefined],
  ])('%s', (key, code, path, message) => {
    const faults = faultsOf(`      - target: app\n        ${key}`);

    expect(faults.map((fault) => [fault.code, fault.path])).toEqual([[code, `routes.hook.deliver[0].${path}`]]);
    expect(faults[0]).toMatchObject({ line: 9, ...(message === undefined ? {} : { message }) });
    expect(faults[0]?.column).toBeGreaterThan(8);
  });

  test('header names that the sender has may be taken out', () => {
    expect(faultsOf('      - { target: app, headers: { remove: [authorization, webhook-signature, x-a] } }')).toEqual([]);
  });

  test('a syntax fault shows nothing of what a placeholder filled in', () => {
    const result = load(`      - { target: app, filter: "payload.a = \${SECRET}" }`, '', { SECRET: 'hunter2hunter2 hunter2' });
    expect(JSON.stringify(result)).toContain('bad_expression');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test('who answers in proxy mode cannot wait', () => {
    const codes = (edges: string) => faultsOf(edges, 'mode: proxy').map(({ code, path }) => [code, path]);
    expect(codes('      - { target: app, delay: 5s }')).toEqual([['contradiction', 'routes.hook.deliver[0].delay']]);
    expect(codes('      - { target: app, answers: true, delay: 5s }\n      - other')).toEqual([
      ['contradiction', 'routes.hook.deliver[0].delay'],
    ]);
    expect(codes('      - { target: app, answers: true }\n      - { target: other, delay: 5s }')).toEqual([]);
  });

  test('a glob on a route without types is refused as a type is', () => {
    const text = fileOf("      - { target: app, events: ['*'] }").replace(
      '{ provider: knowledgesdk, token: knowledgesdk-token }',
      'none',
    );
    const result = loadConfig(text, { file: null, env: {} });
    expect(result.ok ? [] : result.faults.map(({ code }) => code)).toEqual(['no_event_type']);
  });
});

describe('rules as they are shown', () => {
  const edge = `      - { target: app, filter: 'payload.x', transform: 'payload', delay: 90s, path: /p, headers: { add: { x-api-key: hunter2hunter2 }, remove: [x-b] } }`;
  const result = load(edge);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  const { config } = result;

  test('have the shape of the file, with the values of headers hidden', () => {
    expect(effectiveConfig(config)).toMatchObject({
      routes: {
        hook: {
          deliver: [
            {
              target: 'app',
              filter: 'payload.x',
              transform: 'payload',
              headers: { add: { 'x-api-key': expect.any(String) }, remove: ['x-b'] },
              path: '/p',
              delay: '90s',
            },
          ],
        },
      },
    });
    expect(JSON.stringify(effectiveConfig(config))).not.toContain('hunter2');
  });

  test('a header that looks like a credential is kept out of the log', () =>
    expect(secretsOf(config)).toContain('hunter2hunter2'));
});
