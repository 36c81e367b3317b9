import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { endpoints } from '../../src/admin/endpoints/all.ts';
import { retryShown } from '../../src/config/retry-shown.ts';
import type { Figures } from '../../src/dashboard/api/relay.ts';
import { failedShare, perSecond, windowOf } from '../../src/dashboard/series.ts';
import { actionWords, outcomeWords } from '../../src/dashboard/words/audit.ts';
import { latency, rate } from '../../src/dashboard/words/figures.ts';
import { samplesOf } from '../../src/dashboard/words/metrics.ts';
import { attemptTimes, durationMs, retryWords, roughly } from '../../src/dashboard/words/retry.ts';
import { stateWords } from '../../src/dashboard/words/target-state.ts';
import { yamlText } from '../../src/dashboard/words/yaml.ts';
import { planOf } from '../../src/domain/retry-plan.ts';
import { DEFAULT_RETRY, type RetryPolicy, type Schedule } from '../../src/domain/retry-policy.ts';

const spaced = (text: string) => text.replaceAll('\u00a0', ' ');

describe('settings as text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('yes', '1e3', '- a', 'a: b', 'a #b', '*', '', '[x', '1:2'),
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
      '24 attempts in about 3 days: again after 5 s, 10 s, 20 s, 40 s, 1.3 min, … and the last wait is 6 h. Then it is a dead letter. Every wait is moved by up to 20 % at random.',
    );
    expect(words({ ...DEFAULT_RETRY, attempts: 1 })).toBe('One attempt: what fails is a dead letter at once.');
    expect([5_000, 200, 160_000, 21_600_000, 260_000_000].map(roughly).map(spaced)).toEqual([
      '5 s',
      '200 ms',
      '2.7 min',
      '6 h',
      '3 days',
    ]);
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
    expect([0.1, 16.94, 1_234, 90_000].map(latency)).toEqual(['0.1 ms', '17 ms', '1.2 s', '1.5 min']);
    expect([0.0467, 8.94, 1_234].map(rate)).toEqual(['0.047/s', '8.9/s', '1,230/s']);
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
    expect([200, 403, 409, 500].map(outcomeWords)).toEqual(['', 'refused for the role', 'refused (409)', 'failed (500)']);
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
