import { expect, test } from 'vitest';
import { echoMask } from '../../src/deliver/targets/echo-mask.ts';
import type { AttemptResponse } from '../../src/domain/attempt.ts';

const TOKEN = 'canary-token-0123';

function masked(body: string, truncated = false, secrets: string[] = [TOKEN, `${TOKEN}-longer`, 'pw']): AttemptResponse {
  const response: AttemptResponse = { headers: [['x-echo', `Bearer ${TOKEN}`]], body, truncated };
  return echoMask(secrets)?.(response) ?? response;
}

test('what a target sends back of its secrets is hidden, the longest first', () => {
  expect(masked(`a ${TOKEN} b ${TOKEN}-longer c`)).toEqual({
    headers: [['x-echo', 'Bearer [hidden]']],
    body: 'a [hidden] b [hidden] c',
    truncated: false,
  });
});

test('also when the end of what is kept cuts one', () => {
  expect(masked('authorization: canary-tok', true).body).toBe('authorization: [hidden]');
  expect(masked('authorization: can', true).body).toBe('authorization: can');
  expect(masked('authorization: canary-tok').body).toBe('authorization: canary-tok');
});

test('also inside of JSON', () => {
  expect(masked(JSON.stringify({ key: 'a "quoted" key' }), false, ['a "quoted" key']).body).toBe('{"key":"[hidden]"}');
});

test('short ones are left: they would hide ordinary words', () => {
  expect(masked('pwd').body).toBe('pwd');
  expect(echoMask(['pw', ''])).toBeNull();
  expect(echoMask([])).toBeNull();
});
