import { expect, test } from 'vitest';
import { effectiveConfig, secretsOf } from '../../src/config/effective.ts';
import { type LoadResult, loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';

const CANARY = 'canary-of-the-verify-token';

function load(verify: string, handshake = ''): LoadResult {
  const line = handshake === '' ? '' : `    handshake: ${handshake}\n`;
  const text = `routes:\n  hook:\n    path: /hook\n    verify: ${verify}\n${line}    deliver: http://app/\n`;
  const readFile = (path: string): string => {
    throw new Error(`no ${path}`);
  };
  return loadConfig(text, { file: '/etc/config.yaml', env: { CANARY }, readFile });
}

function loaded(verify: string, handshake = ''): Config {
  const result = load(verify, handshake);
  if (!result.ok) throw new Error(result.faults.map(({ message }) => message).join('\n'));
  return result.config;
}

const faults = (verify: string, handshake = '') => {
  const result = load(verify, handshake);
  return result.ok ? [] : result.faults.map(({ code, path }) => `${code} ${path}`);
};

const META = '{ provider: meta, secret: the-app-secret }';

test('a verify token is a secret like the others', () => {
  const config = loaded(META, '{ verifyToken: "${CANARY}" }');
  expect(config.routes.get('hook')?.handshake).toEqual({ verifyToken: [CANARY], topic: [] });
  expect(secretsOf(config)).toContain(CANARY);
  expect(JSON.stringify(effectiveConfig(config))).not.toContain(CANARY);
});

test('topics are one or several', () => {
  const websub = '{ provider: websub, secret: the-hub-secret }';
  expect(loaded(websub, '{ topic: https://a.example/ }').routes.get('hook')?.handshake.topic).toEqual(['https://a.example/']);
  expect(loaded(websub, '{ topic: [https://a.example/, b] }').routes.get('hook')?.handshake.topic).toHaveLength(2);
});

test('without the key there is nothing, and an empty token is none', () => {
  expect(loaded(META).routes.get('hook')?.handshake).toEqual({ verifyToken: [], topic: [] });
  expect(loaded(META, '{ verifyToken: "" }').routes.get('hook')?.handshake.verifyToken).toEqual([]);
});

test.each(['asana', 'notion'])('%s hands its secret over, so none has to be configured', (provider) => {
  expect(faults(`{ provider: ${provider} }`)).toEqual([]);
});

test('settings that no handshake of the provider asks for are faults, and so are wrong ones', () => {
  expect(faults('{ provider: slack, secret: the-secret }', '{ verifyToken: some-token }')).toEqual([
    'contradiction routes.hook.handshake.verifyToken',
  ]);
  expect(faults('none', '{ topic: https://a.example/ }')).toEqual(['contradiction routes.hook.handshake.topic']);
  expect(faults(META, '{ verifyToken: short }')).toEqual(['weak_secret routes.hook.handshake.verifyToken']);
  expect(faults(META, '{ verifyTokn: some-token }')).toEqual(['unknown_key routes.hook.handshake.verifyTokn']);
  expect(faults('{ provider: websub, secret: the-hub-secret }', '{ topic: [] }')).toEqual([
    'empty_list routes.hook.handshake.topic',
  ]);
});
