import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Evaluator } from '../../src/deliver/rules/evaluator.ts';
import type { Expressions, Verdict } from '../../src/deliver/rules/work.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { recordingLogger } from '../support/dispatch.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { eventWith, NO_EXPRESSIONS } from '../support/rules.ts';
import { waitFor } from '../support/wait.ts';

const FOR_EVER = '($f := function() { $f() }; $f())';
/** V8 ends its whole process for a value that is larger than what is left of a thread's memory. */
const DEADLY = '$base64encode($pad("x", 300000000))';
const PASSES: Verdict = { kind: 'passes', body: null, headers: [] };

let evaluator: Evaluator;
let logged: ReturnType<typeof recordingLogger>;
beforeEach(() => {
  logged = recordingLogger();
  evaluator = new Evaluator({ clock: systemClock, logger: logged.logger });
});
afterEach(() => evaluator.close());

const ask = (expressions: Partial<Expressions>, payload: unknown = {}, asker = 'app'): Promise<Verdict> =>
  new Promise((resolve) => {
    evaluator.ask(asker, { expressions: { ...NO_EXPRESSIONS, ...expressions }, event: eventWith(payload) }, resolve);
  });

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the process', () => {
  test('is there while expressions are configured, and not before or after', async () => {
    expect(evaluator.pid).toBeNull();
    evaluator.want(true);
    const pid = evaluator.pid ?? 0;
    expect(await ask({ filter: 'true' })).toEqual(PASSES);
    expect([evaluator.pid, isAlive(pid)]).toEqual([pid, true]);
    evaluator.want(false);
    expect(evaluator.pid).toBeNull();
    await waitFor('end of the process', () => !isAlive(pid));
  });

  test('stays until the last answer when the last expression goes', async () => {
    evaluator.want(true);
    const answer = ask({ filter: 'payload.a = 1' }, { a: 1 });
    evaluator.want(false);
    expect(await answer).toEqual(PASSES);
    await waitFor('no process', () => evaluator.pid === null);
  });

  test('that is killed is started again, and what waits is answered', async () => {
    evaluator.want(true);
    const former = evaluator.pid ?? 0;
    const answers = Array.from({ length: 50 }, (_, a) => ask({ filter: 'payload.a > 24' }, { a }));
    process.kill(former, 'SIGKILL');
    const kinds = (await Promise.all(answers)).map(({ kind }) => kind);
    expect(kinds).toEqual(kinds.map((_, a) => (a > 24 ? 'passes' : 'filtered')));
    expect(evaluator.pid).not.toBe(former);
  });

  test('is left alone while there is nothing to do, and ended when it is silent over its work', async () => {
    const clock = createManualClock();
    evaluator = new Evaluator({ clock, logger: logged.logger });
    evaluator.want(true);
    expect(await ask({ filter: 'true' })).toEqual(PASSES);
    const pid = evaluator.pid ?? 0;
    expect(clock.timers()).toBe(0);
    await clock.advance(60_000);
    expect(await ask({ filter: 'true' })).toEqual(PASSES);
    expect([evaluator.pid, logged.messages()]).toEqual([pid, []]);

    process.kill(pid, 'SIGSTOP');
    const answer = ask({ filter: 'true' });
    await clock.advance(15_000);
    expect(await answer).toEqual(PASSES);
    expect(evaluator.pid).not.toBe(pid);
  });

  test('has nothing of the environment of the relay', async () => {
    evaluator.want(true);
    await ask({ filter: 'true' });
    const namesOf = (pid: number | string): string[] =>
      readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .filter(Boolean)
        .map((entry) => entry.split('=')[0] ?? '');
    // What fork() itself needs, and no more.
    expect(namesOf(evaluator.pid ?? 0).filter((name) => !name.startsWith('NODE_CHANNEL_'))).toEqual([]);
    expect(namesOf('self')).toContain('PATH');
  });
});

describe('an expression', () => {
  test.each([
    ['loops for ever', FOR_EVER],
    ['backtracks for ever', '$contains(payload.text, /^(a+)+$/)'],
    ['counts for ever', '$count([1..900000].[1..900000])'],
  ])('that %s is stopped, others beside it are answered', async (_what, filter) => {
    evaluator.want(true);
    const text = `${'a'.repeat(60)}!`;
    await ask({ filter: 'true' }); // it is warm
    const startedAt = performance.now();
    const runaway = ask({ filter }, { text });
    const others = Array.from({ length: 20 }, (_, i) => ask({ filter: 'true' }, {}, i % 2 === 0 ? 'app' : 'other'));
    expect(await runaway).toEqual({
      kind: 'failed',
      code: 'expression_timeout',
      message: 'the filter took too long and was stopped',
    });
    expect(performance.now() - startedAt).toBeGreaterThan(95);
    expect(await Promise.all(others)).toEqual(others.map(() => PASSES));
    expect(logged.messages()).toContain('expression stopped at its deadline');
  });

  test('that needs all memory fails alone, whatever becomes of its process', async () => {
    evaluator.want(true);
    await ask({ filter: 'true' });
    const deadly = ask({ body: DEADLY });
    const others = Array.from({ length: 20 }, () => ask({ filter: 'true' }, {}, 'other'));
    const verdict = await deadly;
    expect(verdict).toMatchObject({ kind: 'failed' });
    expect(verdict.kind === 'failed' && ['transform_failed', 'expression_timeout'].includes(verdict.code)).toBe(true);
    expect(await Promise.all(others)).toEqual(others.map(() => PASSES));
  });

  test('with a huge result fails alone', async () => {
    evaluator.want(true);
    const huge = ask({ body: '$pad("x", 20000000)' });
    expect(await huge).toMatchObject({ kind: 'failed' });
    expect(await ask({ filter: 'true' })).toEqual(PASSES);
  });

  test.each([
    ['payload.__proto__', {}],
    ['payload.constructor', {}],
    ['payload.list.constructor', { list: [1] }],
    ['$lookup(payload, "__proto__")', {}],
    ['payload.text.constructor', { text: 's' }],
    ['headers.constructor', {}],
    ['event.__proto__.constructor', {}],
  ])('%s is nothing', async (filter, payload) => {
    expect(await ask({ filter: `$exists(${filter})` }, payload)).toEqual({ kind: 'filtered' });
  });

  test('cannot change what others see', async () => {
    const changes = [
      'payload ~> |$|{ "__proto__": { "polluted": true } }|',
      '{ "__proto__": { "polluted": true } }',
      '$merge([{}, { "__proto__": { "polluted": true } }])',
      '($__proto__ := { "polluted": true }; {})',
    ];
    for (const body of changes) expect(await ask({ body }, { a: 1 })).toMatchObject({ kind: 'passes' });
    expect(await ask({ filter: '$exists(payload.polluted) or $exists($polluted)' }, {})).toEqual({ kind: 'filtered' });
  });
});

test('a target that asks much does not keep another waiting', async () => {
  evaluator.want(true);
  await ask({ filter: 'true' });
  let answeredBefore = 0;
  const runaways = Array.from({ length: 12 }, () => ask({ filter: FOR_EVER }, {}, 'greedy').then(() => (answeredBefore += 1)));
  await ask({ filter: 'true' }, {}, 'other');
  // Those that were on their way already, and one more whose turn it was.
  expect(answeredBefore).toBeLessThanOrEqual(5);
  await Promise.all(runaways);
});

test('who does not want to know any more is not told', async () => {
  evaluator.want(true);
  const told: Verdict[] = [];
  const forget = evaluator.ask('app', { expressions: { ...NO_EXPRESSIONS, filter: 'true' }, event: eventWith({}) }, (verdict) =>
    told.push(verdict),
  );
  forget();
  await ask({ filter: 'true' });
  expect(told).toEqual([]);
});
