import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { endpoints } from '../../src/admin/endpoints/all.ts';
import { retryShown } from '../../src/config/retry-shown.ts';
import type { Figures } from '../../src/dashboard/api/relay.ts';
import type { Task } from '../../src/dashboard/api/types.ts';
import { failedShare, perSecond, windowOf } from '../../src/dashboard/series.ts';
import { actionWords, outcomeWords } from '../../src/dashboard/words/audit.ts';
import { duration, latency, rate } from '../../src/dashboard/words/figures.ts';
import { samplesOf } from '../../src/dashboard/words/metrics.ts';
import { retentionFacts } from '../../src/dashboard/words/retention.ts';
import { attemptTimes, durationMs, retryWords } from '../../src/dashboard/words/retry.ts';
import { stateWords } from '../../src/dashboard/words/target-state.ts';
import { taskBar, taskTone, taskWords } from '../../src/dashboard/words/task.ts';
import { yamlText } from '../../src/dashboard/words/yaml.ts';
import { planOf } from '../../src/domain/retry-plan.ts';
import { DEFAULT_RETRY, type RetryPolicy, type Schedule } from '../../src/domain/retry-policy.ts';
import { spokenTime } from '../../src/domain/spoken-time.ts';

const spaced = (text: string) => text.replaceAll('\u00a0', ' ');

describe('settings as text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      'yes',
      '1e3',
      '- a',
      'a: b',
      'a #b',
      '*',
      '',
      '[x',
      '1:2',
      'it\'s "a"',
      '\\',
      'a\n"b"\n',
      'a\n\n  b: c',
      '#a\n- b',
    ),
    fc.string({ unit: fc.constantFrom('a', ' ', '\n', '"', "'", '#', ':', '-'), maxLength: 8 }),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, text, fc.integer(), fc.boolean(), tie('list'), tie('map')),
    list: fc.array(tie('any'), { maxLength: 4 }),
    map: fc.dictionary(text, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  })).map;

  it('is read by a YAML parser as what it was made from', () => {
    fc.assert(
      fc.property(value, (settings) => {
        fc.pre(Object.keys(settings as object).length > 0 && !Object.keys(settings as object).includes('__proto__'));
        expect(parse(yamlText(settings as object))).toEqual(settings);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves out what is not configured, and quotes only where it has to', () => {
    const settings = {
      tls: null,
      url: 'http://app:3000/hooks',
      deliver: ['app', { target: 'x', events: ['A_*'] }],
      sign: { secret: '[hidden]' },
    };
    expect(yamlText(settings)).toBe(
      [
        'url: http://app:3000/hooks',
        'deliver:',
        '  - app',
        '  - target: x',
        '    events: [A_*]',
        'sign:',
        '  secret: "[hidden]"',
      ].join('\n'),
    );
  });
});

describe('an expression among settings', () => {
  it('stands as it was written', () => {
    expect(yamlText({ transform: '{ "id": $.id }' })).toBe(`transform: '{ "id": $.id }'`);
    expect(yamlText({ transform: `{ "by": 'us' }` })).toBe(`transform: |-\n  { "by": 'us' }`);
    expect(yamlText({ deliver: [{ target: 'a', transform: '{\n  "id": $.id\n}\n', filter: 'x' }] })).toBe(
      ['deliver:', '  - target: a', '    transform: |', '      {', '        "id": $.id', '      }', '    filter: x'].join('\n'),
    );
  });
});

describe('the retry schedule', () => {
  const schedules: Schedule[] = [
    DEFAULT_RETRY.schedule,
    { kind: 'linear', initialMs: 1_000, maxMs: 20_000 },
    { kind: 'list', delaysMs: [5_000, 60_000, 3_600_000] },
  ];
  const budgets = [
    { attempts: 24, durationMs: null },
    { attempts: null, durationMs: 600_000 },
    { attempts: 5, durationMs: 90_000 },
    { attempts: 1, durationMs: null },
  ];

  it.each(schedules)('is read from the configuration as the dispatcher plans it: $kind', (schedule) => {
    for (const budget of budgets) {
      const policy = { ...DEFAULT_RETRY, ...budget, schedule };
      expect(attemptTimes(retryShown(policy))).toEqual(planOf(policy).map(({ since }) => since.plain));
    }
  });

  it('is told in words', () => {
    const words = (policy: RetryPolicy) => spaced(retryWords(retryShown(policy), attemptTimes(retryShown(policy)) ?? []));
    expect(words(DEFAULT_RETRY)).toBe(
      '24 attempts in about 2d 23h: again after 5s, 10s, 20s, 40s, 1m 20s, … and the last wait is 6h. Then it is a dead letter. Every wait is moved by up to 20 % at random.',
    );
    expect(words({ ...DEFAULT_RETRY, attempts: 1 })).toBe('One attempt: what fails is a dead letter at once.');
  });

  it('says when it cannot read one', () => {
    const shown = { attempts: 3, initial: '1s', factor: 2, max: '1m' };
    expect(attemptTimes(shown)).toEqual([0, 1_000, 3_000]);
    for (const change of [
      { initial: 'a while' },
      { max: '1 moon' },
      { backoff: 'curved' },
      { delays: ['soon'] },
      { duration: 'long' },
    ]) {
      expect(attemptTimes({ ...shown, ...change })).toBeNull();
    }
    expect(attemptTimes({})).toBeNull();
    expect([durationMs('1.5h'), durationMs('5'), durationMs(null)]).toEqual([5_400_000, null, null]);
  });
});

describe('figures over time', () => {
  const seen = (elapsedMs: number) => {
    const window = windowOf('30m');
    const at = [0, window.stepMs];
    return { window, at, figures: { at: new Date(window.stepMs + elapsedMs).toISOString() } as Figures };
  };

  it('are rates, of the step that is not over too once that says something', () => {
    expect(perSecond(seen(10_000), [30, 30])).toEqual([2, 3]);
    expect(perSecond(seen(1_000), [30, 1])).toEqual([2, null]);
    expect(perSecond(seen(60_000), [30, 30])).toEqual([2, 2]);
  });

  it('have a share of failures only where something was attempted', () => {
    expect(failedShare({ delivered: [3, 0, 0], failed: [0, 1, 0], dead: [1, 1, 0] })).toEqual([0.25, 1, null]);
  });

  it('are as exact as they are measured', () => {
    expect([0.1, 16.94, 1_234, 90_000].map(latency).map(spaced)).toEqual(['0.1ms', '17ms', '1.2s', '1m 30s']);
    expect([0.0467, 8.94, 1_234].map(rate)).toEqual(['0.047/s', '8.9/s', '1,230/s']);
  });
});

describe('a length of time', () => {
  it('is said as the command line says it', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1e10, noNaN: true }), (ms) => spaced(duration(ms)) === spokenTime(ms)));
    for (const ms of [200, 59_999, 80_000, 3_599_700, 260_000_000]) expect(spaced(duration(ms))).toBe(spokenTime(ms));
  });
});

describe('words for operators', () => {
  it('name every action that the API keeps', () => {
    const kept = endpoints.filter(({ method, path }) => method !== 'get' && path.startsWith('/api/v1/'));
    const unnamed = kept
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
      .filter((action) => actionWords(action) === action);
    expect(unnamed).toEqual([]);
    expect(actionWords('POST /api/v9/else')).toBe('POST /api/v9/else');
    for (const read of ['GET /api/v1/events/{id}/body', 'GET /api/v1/stream']) expect(actionWords(read)).not.toBe(read);
    expect([200, 403, 409, 500].map(outcomeWords)).toEqual(['', 'refused for the role', 'refused (409)', 'failed (500)']);
  });

  it('call nothing done that was only counted', () => {
    const words = (path: string, body: object) => actionWords(`POST /api/v1/${path}`, JSON.stringify(body));
    const filter = { status: 'dead' };
    expect(words('deletions', { filter, dryRun: true })).toBe('counted events for a deletion');
    expect(words('deletions', { filter, dryRun: false })).toBe('deleted events');
    expect(words('deletions', { filter: { route: '"dryRun":true' } })).toBe('deleted events');
    expect(words('replays', { filter, dryRun: true })).toBe('counted deliveries for a bulk replay');
    expect(words('replays', { filter })).toBe('started a bulk replay');
  });

  it('say how long what is kept, where nothing is configured too', () => {
    expect(retentionFacts({ dead: '90d', bodies: null, maxSize: null, moons: null })).toEqual([
      ['keeps dead', '90d'],
      ['keeps bodies', 'with their event'],
      ['largest database', 'no limit'],
      ['keeps moons', 'without an end'],
    ]);
  });

  it('show a task that did not do all of it as no success', () => {
    const task = (done: number, failed: number, status: Task['status'] = 'completed', kind = 'replay') => {
      const figures = { kind, status, matched: 4, done, failed };
      return [taskWords(figures), taskTone(figures), taskBar(figures).value];
    };
    expect(task(4, 0)).toEqual(['4 of 4 replayed', 'good', 4]);
    expect(task(0, 4)).toEqual(['0 of 4 replayed, 4 could not be', 'bad', 0]);
    expect(task(3, 1, 'completed', 'export')).toEqual(['3 of 4 exported, 1 could not be', 'wait', 3]);
    expect(task(1, 1, 'running', 'moons')).toEqual(['1 of 4 done, 1 could not be', 'wait', 2]);
    expect(taskBar({ kind: 'replay', status: 'completed', matched: 0, done: 0, failed: 0 })).toEqual({ max: 1, value: 1 });
  });

  it('say how a target is, also in a state that is not known here', () => {
    const state = (name: string, pending = 0, since: string | null = '2026-03-20T14:30:00Z') =>
      stateWords({ state: name, since, counts: { pending } });
    expect(state('healthy', 0, null)).toMatchObject({ name: 'no attempt yet', tone: 'unknown' });
    expect(state('retrying', 1)).toMatchObject({ name: 'failing, retrying', tone: 'bad' });
    expect(state('retrying')).toMatchObject({ name: 'failing' });
    expect(state('half_open')).toMatchObject({ name: 'breaker half open', tone: 'wait' });
    expect(state('winding_down')).toEqual({ name: 'winding down', tone: 'unknown', meaning: '' });
    expect(state('constructor')).toMatchObject({ tone: 'unknown' });
  });

  it('are taken from metrics', () => {
    const text = '# HELP a_bytes b\na_bytes 12\na_info{version="1.0",node="v\\"26"} 1\na_bytes_more 3\n';
    expect(samplesOf(text, 'a_bytes')).toEqual([{ labels: {}, value: 12 }]);
    expect(samplesOf(text, 'a_info')).toEqual([{ labels: { version: '1.0', node: 'v\\"26' }, value: 1 }]);
  });
});
