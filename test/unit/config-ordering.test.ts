import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../src/config/effective.ts';
import { loadConfig } from '../../src/config/load.ts';

function load(ordering: string) {
  const text = `targets:
  app:
    url: http://app/
    ${ordering}
routes:
  hook: { path: /hook, verify: none, deliver: app }
`;
  const readFile = (): never => {
    throw new Error('no files here');
  };
  return loadConfig(text, { file: null, env: {}, readFile });
}

function orderingOf(written: string): { resolved: unknown; shown: unknown } {
  const result = load(written);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  const shown = effectiveConfig(result.config) as { targets: { app: { ordering: unknown } } };
  return { resolved: result.config.targets.get('app')?.ordering, shown: shown.targets.app.ordering };
}

describe('the ordering of a target', () => {
  test.each([
    ['', null, 'none'],
    ['ordering: none', null, 'none'],
    ['ordering: route', { by: { kind: 'route' }, onDead: 'skip' }, { by: 'route', onDead: 'skip' }],
    ['ordering: header:X-Job', { by: { kind: 'header', name: 'x-job' }, onDead: 'skip' }, { by: 'header:x-job', onDead: 'skip' }],
    [
      'ordering: body:payload.jobId',
      { by: { kind: 'body-path', path: 'payload.jobId' }, onDead: 'skip' },
      { by: 'body:payload.jobId', onDead: 'skip' },
    ],
    [
      'ordering: { by: body:payload.jobId, onDead: block }',
      { by: { kind: 'body-path', path: 'payload.jobId' }, onDead: 'block' },
      { by: 'body:payload.jobId', onDead: 'block' },
    ],
    ['ordering: { by: route }', { by: { kind: 'route' }, onDead: 'skip' }, { by: 'route', onDead: 'skip' }],
  ])('%s', (written, resolved, shown) => {
    expect(orderingOf(written)).toEqual({ resolved, shown });
  });

  test.each([
    ['ordering: jobId', 'bad_value', '4:15', 'targets.app.ordering'],
    ['ordering: "body:payload..jobId"', 'bad_value', '4:15', 'targets.app.ordering'],
    ['ordering: { by: none }', 'bad_value', '4:21', 'targets.app.ordering.by'],
    ['ordering: { by: route, onDead: stop }', 'bad_value', '4:36', 'targets.app.ordering.onDead'],
    ['ordering: { onDead: skip }', 'missing_key', '4:5', 'targets.app.ordering.by'],
    ['ordering: { by: route, onDeath: skip }', 'unknown_key', '4:28', 'targets.app.ordering.onDeath'],
    ['ordering: [route]', 'wrong_type', '4:15', 'targets.app.ordering'],
  ])('%s is a fault', (written, code, at, path) => {
    const result = load(written);
    const faults = result.ok ? [] : result.faults.map((fault) => [fault.code, `${fault.line}:${fault.column}`, fault.path]);
    expect(faults).toEqual([[code, at, path]]);
  });
});
